import type { Output } from "../../../model/output.ts";
import { Split } from "../../../ops/movement/split.ts";
import { VariadicSplit } from "../../../ops/movement/variadic-split.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator } from "../operator.ts";

/** Equal parts; where the length is not a multiple, the last is shorter (as since opset 18). */
function equally(node: OnnxNode, count: number): readonly Output[] {
  if (count !== node.outputs.length)
    node.fail('attribute "num_outputs" is not the number of outputs', { expected: `${node.outputs.length}`, got: `${count}` });
  const x = node.input(0);
  const axis = node.int("axis", 0);
  const at = node.constant("i64", axis);
  const rank = x.partialShape.rank;
  const length = rank === undefined ? undefined : x.partialShape.dimensions?.[node.axis(axis, rank)];
  if (length === undefined || !isKnown(length) || length % count === 0) return node.addNode(Split, [x, at], { num_splits: count }).outputs;
  const part = Math.ceil(length / count);
  const lengths = Array.from({ length: count }, (_, i) => Math.max(Math.min(part, length - i * part), 0));
  return node.addNode(VariadicSplit, [x, at, node.constant("i64", lengths)]).outputs;
}

function byLengths(node: OnnxNode, lengths: Output): readonly Output[] {
  return node.addNode(VariadicSplit, [node.input(0), node.constant("i64", node.int("axis", 0)), lengths]).outputs;
}

function splitByAttribute(node: OnnxNode): readonly Output[] {
  const lengths = node.ints("split");
  return lengths === undefined ? equally(node, node.outputs.length) : byLengths(node, node.constant("i64", lengths));
}

/** Lengths are an attribute before opset 13, then an input; opset 18 may give the number of parts instead. */
export const splitOperator = onnxOperator("Split", {
  1: splitByAttribute,
  13: (node) =>
    node.inputs[1] === undefined ? equally(node, node.int("num_outputs", node.outputs.length)) : byLengths(node, node.input(1)),
});
