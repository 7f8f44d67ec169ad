import { node } from "../../model/node.ts";
import { splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { scaleWeights } from "./scale-weights.ts";
import { alongWeights, constantWeights, convolutions } from "./weights.ts";

/** A scale of a convolution's output channels goes into its weights. */
export const multiplyAfterConvolution = rewrite("multiply-after-convolution", ["Multiply"], (multiply, context) => {
  const parts = splitConstant(multiply);
  const convolution = parts?.data.node;
  if (parts === undefined || convolution === undefined || !convolutions.includes(convolution.type)) return undefined;
  if (!context.isPrivate(parts.data) || constantWeights(convolution) === undefined) return undefined;
  const scale = alongWeights(convolution, parts.constant, "output");
  if (scale === undefined) return undefined;
  const [data, weights, ...rest] = convolution.inputs;
  return node(convolution.op, [data, scaleWeights(weights, scale), ...rest], convolution.attributes).outputs[0];
});
