import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Gather8 } from "../../ops/movement/gather.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { matchIntegers, matchScalar, producer } from "../match.ts";
import { type Rewrite, rewrite } from "../rewrite.ts";
import { channelCount, constantWeights } from "./weights.ts";

/** A reordering of channels goes behind an element-wise operation with a constant, whose values are reordered instead. */
const throughArithmetic = rewrite("permute-channels-later", ["Add", "Subtract", "Multiply", "Divide"], (arithmetic, context) => {
  const { inputs, op, attributes } = arithmetic;
  for (const [i, data] of inputs.entries()) {
    const permutation = channelPermutation(data.node);
    const constant = inputs[1 - i];
    const rank = data.partialShape.rank;
    if (permutation === undefined || constant.node.constant === undefined || rank === undefined || !context.isPrivate(data)) continue;
    const count = channelCount(constant.shape, rank, permutation.order.length);
    if (count === undefined) continue;
    const reordered = count === 1 ? constant : pick(constant, inverse(permutation.order), constant.shape.length - rank + 1);
    const operands = i === 0 ? [permutation.data, reordered] : [reordered, permutation.data];
    return pick(node(op, operands, attributes).outputs[0], permutation.order, 1);
  }
  return undefined;
});

/** A reordering of a convolution's input channels reorders its weights instead. */
const intoWeights = rewrite("permute-channels-into-weights", ["Convolution"], (convolution, context) => {
  const [data, weights] = convolution.inputs;
  const permutation = channelPermutation(data.node);
  if (permutation === undefined || constantWeights(convolution) === undefined || !context.isPrivate(data)) return undefined;
  return node(convolution.op, [permutation.data, pick(weights, inverse(permutation.order), 1)], convolution.attributes).outputs[0];
});

/** Moves a channel reversal at a network's input (RGB to BGR) into its first weights, at no cost when it runs. */
export const permuteChannels: readonly Rewrite[] = [throughArithmetic, intoWeights];

/** A Gather of all channels (axis 1) in another order. */
function channelPermutation(gather: Node): { readonly data: Output; readonly order: readonly number[] } | undefined {
  const [data, indices, axis] = producer(gather.outputs[0], "Gather")?.inputs ?? [];
  const order = indices?.partialShape.rank === 1 ? matchIntegers(indices) : undefined;
  if (order === undefined || matchScalar(axis) !== 1 || data.partialShape.dimensions?.[1] !== order.length) return undefined;
  return new Set(order).size === order.length && order.every((c) => c >= 0 && c < order.length) ? { data, order } : undefined;
}

const pick = (data: Output, order: readonly number[], axis: number): Output =>
  build(Gather8, [data, constantOf("i64", order), constantOf("i64", axis)]);

function inverse(order: readonly number[]): number[] {
  const result = new Array<number>(order.length);
  for (const [i, c] of order.entries()) result[c] = i;
  return result;
}
