import type { Output } from "../../model/output.ts";
import { scaleWeights } from "../fuse/scale-weights.ts";
import { rewrite } from "../rewrite.ts";

/** Smaller constants are multiplied at once. */
const leastSize = 1024;

const sizeOf = ({ node }: Output): number => node.constant?.size ?? 0;

/** Quantized weights, integers times a scale a channel: the scales stay factors, to be applied where the weights are used. */
export const scaledConstants = rewrite("scaled-constants", ["Multiply"], ({ inputs: [a, b], outputs: [product] }) => {
  const [base, factor] = sizeOf(a) >= sizeOf(b) ? [a, b] : [b, a];
  if (base.node.constant === undefined || factor.node.constant === undefined || sizeOf(base) < leastSize) return undefined;
  return product.elementType === "f32" && product.shape.join() === base.shape.join() ? scaleWeights(base, factor) : undefined;
});
