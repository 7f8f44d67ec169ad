import type { Output } from "../../model/output.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { ScaledTensor } from "../../tensor/scaled-tensor.ts";
import { build } from "../evaluate-node.ts";

/** Smaller weights are multiplied at once. */
const leastSize = 64;

/** Constant weights times a constant that broadcasts onto them. The factors of large ones travel with them, to be applied where they are used. */
export function scaleWeights(weights: Output, scale: Output): Output {
  const [base, factor] = [weights.node.constant, scale.node.constant];
  const together = base?.elementType === "f32" && factor?.elementType === "f32" && base.size >= leastSize;
  const isBroadcast =
    together &&
    factor.shape.length <= base.shape.length &&
    factor.shape.every((d, i) => d === 1 || d === base.shape[i + base.shape.length - factor.shape.length]);
  return isBroadcast ? constantNode(new ScaledTensor(base, factor)).outputs[0] : build(Multiply, [weights, scale]);
}
