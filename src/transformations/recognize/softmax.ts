import { node, type Node } from "../../model/node.ts";
import { Softmax8 } from "../../ops/normalization/softmax.ts";
import { matchIntegers, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** exp(x - max(x)) / sum(exp(x - max(x))) along one axis. */
export const recognizeSoftmax = rewrite("recognize-softmax", ["Divide"], (divide, context) => {
  const [numerator, denominator] = divide.inputs;
  const sum = producer(denominator, "ReduceSum");
  const shifted = producer(producer(numerator, "Exp")?.inputs[0], "Subtract");
  const largest = producer(shifted?.inputs[1], "ReduceMax");
  if (sum?.inputs[0] !== numerator || shifted === undefined || largest?.inputs[0] !== shifted.inputs[0]) return undefined;
  if (context.consumers(numerator).length !== 2 || !context.isPrivate(denominator)) return undefined;
  const axis = soleAxis(sum);
  if (axis === undefined || soleAxis(largest) !== axis) return undefined;
  return node(Softmax8, [shifted.inputs[0]], { axis }).outputs[0];
});

function soleAxis(reduce: Node): number | undefined {
  const axes = matchIntegers(reduce.inputs[1]);
  const rank = reduce.inputs[0].partialShape.rank;
  if (axes?.length !== 1 || rank === undefined || reduce.attributes["keep_dims"] !== true) return undefined;
  return axes[0] < 0 ? axes[0] + rank : axes[0];
}
