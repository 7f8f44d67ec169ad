import { shapeSize } from "../../../common/shape.ts";
import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Abs } from "../../../ops/elementwise/abs.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Power } from "../../../ops/elementwise/power.ts";
import { AvgPool1, AvgPool14, AvgPool16 } from "../../../ops/nn/avg-pool.ts";
import { MaxPool14, MaxPool8 } from "../../../ops/nn/max-pool.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { windowAttributes } from "./window-attributes.ts";

const kernelOf = (node: OnnxNode): number[] => node.ints("kernel_shape") ?? node.fail('attribute "kernel_shape" is missing');

/** With `ceil_mode`, a last window that would start in the padding is dropped, as PyTorch, ONNX Runtime and ONNX's own text do. */
const roundingOf = (node: OnnxNode): "floor" | "ceil_torch" => (node.int("ceil_mode", 0) === 0 ? "floor" : "ceil_torch");

function averagePool(node: OnnxNode): Output {
  const kernel = kernelOf(node);
  const { dilations, ...window } = windowAttributes(node, kernel.length);
  const rounding_type = roundingOf(node);
  const attributes = { ...window, kernel, rounding_type, "exclude-pad": node.int("count_include_pad", 0) === 0 };
  if (dilations.some((d) => d !== 1)) return node.add(AvgPool16, [node.input(0)], { ...attributes, dilations });
  return node.add(rounding_type === "floor" ? AvgPool1 : AvgPool14, [node.input(0)], attributes);
}

function maxPool(node: OnnxNode): readonly Output[] {
  const kernel = kernelOf(node);
  if (node.hasOutput(1) && node.int("storage_order", 0) !== 0)
    node.unsupported("column-major indices are not supported", { hint: 'Only attribute "storage_order" 0 is' });
  const rounding_type = roundingOf(node);
  return node.addNode(rounding_type === "floor" ? MaxPool8 : MaxPool14, [node.input(0)], {
    ...windowAttributes(node, kernel.length),
    kernel,
    rounding_type,
    index_element_type: "i64",
    axis: 0,
  }).outputs;
}

/** The p-norm of windows: their mean power times their size, and the root of it. */
function lpPool(node: OnnxNode): Output {
  const kernel = kernelOf(node);
  const { elementType } = node.input(0);
  const p = node.int("p", 2);
  // Windows that reach beyond the padding would have another size.
  if (node.int("ceil_mode", 0) !== 0) node.unsupported('attribute "ceil_mode" is not supported');
  const power = node.add(Power, [node.add(Abs, [node.input(0)]), node.constant(elementType, p)]);
  const { dilations, ...window } = windowAttributes(node, kernel.length);
  const attributes = { ...window, dilations, kernel, rounding_type: "floor", "exclude-pad": false };
  const sum = node.add(Multiply, [node.add(AvgPool16, [power], attributes), node.constant(elementType, shapeSize(kernel))]);
  return node.add(Power, [sum, node.constant(elementType, 1 / p)]);
}

/** Reduces all dimensions but batch and channels. */
function overall(node: OnnxNode, op: OperationDefinition): Output {
  const rank = node.rank(node.input(0));
  const axes = Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 2);
  return node.add(op, [node.input(0), node.constant("i64", axes)], { keep_dims: true });
}

export const poolingOperators: readonly Operator[] = [
  onnxOperator("AveragePool", averagePool),
  onnxOperator("LpPool", lpPool),
  onnxOperator("MaxPool", maxPool),
  onnxOperator("GlobalAveragePool", (node) => overall(node, ReduceMean)),
  onnxOperator("GlobalMaxPool", (node) => overall(node, ReduceMax)),
];
