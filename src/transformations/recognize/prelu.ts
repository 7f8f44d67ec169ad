import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { PRelu } from "../../ops/elementwise/p-relu.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { channelCount } from "../fuse/weights.ts";
import { eitherOrder, lengthOf, matchNumber, producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";

/** relu(x) - a * relu(-x), relu(x) + a * (x - |x|) / 2 in their orders, and max(x, a * x) with a number a from 0 to 1. */
export const recognizePRelu = rewrite("recognize-prelu", ["Add", "Subtract", "Maximum"], (root) => {
  for (const [left, right] of root.type === "Subtract" ? [[root.inputs[0], root.inputs[1]] as const] : eitherOrder(root)) {
    const reading = root.type === "Maximum" ? leaky(left, right) : withNegativePart(left, right, root.type === "Add" ? 1 : -1);
    const slope = reading && slopeFor(reading.data, reading.slope, reading.sign);
    if (reading && slope) return node(PRelu, [reading.data, slope]).outputs[0];
  }
  return undefined;
});

interface Reading {
  readonly data: Output;
  readonly slope: Output;
  /** The PRelu's slope is this times the constant. */
  readonly sign: number;
}

function leaky(data: Output, scaled: Output): Reading | undefined {
  const parts = producer(scaled, "Multiply") && splitConstant(scaled.node);
  const slope = parts && matchNumber(parts.data, parts.constant);
  return parts?.data === data && slope !== undefined && slope >= 0 && slope <= 1 ? { data, slope: parts.constant, sign: 1 } : undefined;
}

/** relu(x) plus or minus a constant times something that is 0 for positive x. */
function withNegativePart(positive: Output, product: Output, sign: number): Reading | undefined {
  const data = producer(positive, "Relu")?.inputs[0];
  const parts = data && producer(product, "Multiply") && splitConstant(product.node);
  if (data === undefined || parts === undefined) return undefined;
  const factor = negativePart(parts.data, data);
  return factor === undefined ? undefined : { data, slope: parts.constant, sign: sign * factor };
}

/** k where the output is k * min(x, 0): -1 for relu(-x), 2 for x - |x|. */
function negativePart(output: Output, x: Output): number | undefined {
  const negated = producer(output, "Relu")?.inputs[0];
  if (negated !== undefined) return isNegated(negated.node, x) ? -1 : undefined;
  const difference = producer(output, "Subtract");
  if (difference) return difference.inputs[0] === x && producer(difference.inputs[1], "Abs")?.inputs[0] === x ? 2 : undefined;
  const halved = producer(output, "Multiply") && splitConstant(output.node);
  const scale = halved && matchNumber(halved.data, halved.constant);
  const inner = halved && halved.data.node.type === "Subtract" ? negativePart(halved.data, x) : undefined;
  return scale === undefined || inner === undefined ? undefined : scale * inner;
}

function isNegated(negation: Node, x: Output): boolean {
  if (negation.type === "Negative") return negation.inputs[0] === x;
  const parts = negation.type === "Multiply" ? splitConstant(negation) : undefined;
  return parts?.data === x && matchNumber(x, parts.constant) === -1;
}

/** PRelu takes one slope, or one for each channel: a vector along axis 1. */
function slopeFor(data: Output, constant: Output, sign: number): Output | undefined {
  const rank = data.partialShape.rank;
  const channels = rank !== undefined && rank > 1 ? lengthOf(data, 1) : undefined;
  const tensor = constant.node.constant;
  const numbers = tensor && tensorNumbers(tensor);
  if (tensor === undefined || numbers === undefined || rank === undefined) return undefined;
  const count = tensor.size === 1 && tensor.shape.length <= rank ? 1 : channels && channelCount(tensor.shape, rank, channels);
  if (count === undefined) return undefined;
  const slope = tensorOfNumbers(
    tensor.elementType,
    tensor.shape,
    numbers.map((a) => a * sign),
  );
  return build(Reshape, [constantNode(slope).outputs[0], constantOf("i64", [count])], { special_zero: false });
}
