import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { LogSoftmax5 } from "../../../ops/normalization/log-softmax.ts";
import { Softmax8 } from "../../../ops/normalization/softmax.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { OneHot1 } from "../../../ops/movement/one-hot.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import { TopK11 } from "../../../ops/reduction/top-k.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { flattened } from "./flattened.ts";

type AlongAxis = (node: OnnxNode, x: Output, axis: number) => Output;

/** Before opset 13 all dimensions from the axis on are taken as one. */
function overTrailing(node: OnnxNode, apply: AlongAxis): Output {
  const x = node.input(0);
  const rank = node.rank(x);
  const axis = rank === 0 ? 0 : node.axis(node.int("axis", 1), rank);
  if (rank === 0 || x.partialShape.dimensions?.slice(axis + 1).every((d) => d === 1)) return apply(node, x, axis);
  const matrix = apply(node, flattened(node, x, axis), 1);
  return node.add(Reshape, [matrix, node.add(ShapeOf3, [x], { output_type: "i64" })], { special_zero: false });
}

/** Since opset 13 one axis, by default the last. */
function overAxis(node: OnnxNode, apply: AlongAxis): Output {
  const x = node.input(0);
  const axis = node.int("axis", -1);
  return apply(node, x, x.partialShape.rank === undefined ? axis : node.axis(axis, x.partialShape.rank));
}

const alongAxis = (type: string, apply: AlongAxis): Operator =>
  onnxOperator(type, { 1: (node) => overTrailing(node, apply), 13: (node) => overAxis(node, apply) });

const operation =
  (op: OperationDefinition): AlongAxis =>
  (node, x, axis) =>
    node.add(op, [x], { axis });

/** 1 at the first of the largest elements, else 0. */
function hardmax(node: OnnxNode, x: Output, axis: number): Output {
  const length = x.partialShape.dimensions?.[axis];
  if (length === undefined || !isKnown(length)) return node.unsupported("an axis of unknown length is not supported");
  const largest = node.addNode(TopK11, [x, node.constant("i64", 1)], {
    axis,
    mode: "max",
    sort: "value",
    index_element_type: "i64",
    stable: true,
  }).outputs[1];
  const where = node.add(Squeeze1, [largest, node.constant("i64", [axis])]);
  const hot = node.add(OneHot1, [where, node.constant("i64", length), node.constant("i64", 1), node.constant("i64", 0)], { axis });
  return node.add(Convert, [hot], { destination_type: x.elementType });
}

export const softmaxOperators: readonly Operator[] = [
  alongAxis("Softmax", operation(Softmax8)),
  alongAxis("LogSoftmax", operation(LogSoftmax5)),
  alongAxis("Hardmax", hardmax),
];
