import type { Output } from "../../../model/output.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** A tensor, or since opset 12 numbers in attributes of their own. */
function constant(node: OnnxNode): Output {
  const tensor = node.tensor("value");
  if (tensor) return node.constantOf(tensor);
  if (node.has("value_float")) return node.constant("f32", node.float("value_float"));
  if (node.has("value_floats")) return node.constant("f32", node.floats("value_floats") ?? []);
  if (node.has("value_int")) return node.constant("i64", node.int("value_int"));
  if (node.has("value_ints")) return node.constant("i64", node.ints("value_ints") ?? []);
  return node.unsupported("a constant of this kind is not supported", {
    expected: "value, value_float, value_floats, value_int or value_ints",
  });
}

/** One element, f32 0 by default, spread over the shape that is the input. */
function constantOfShape(node: OnnxNode): Output {
  const value = node.tensor("value") ?? new Tensor("f32", [1], [0]);
  if (value.size !== 1) node.fail('attribute "value" must have one element', { got: `[${value.shape.join(",")}]` });
  return node.add(Broadcast3, [node.constantOf(value.reshaped([])), node.input(0)], { mode: "numpy" });
}

export const constantOperators: readonly Operator[] = [
  onnxOperator("Constant", constant),
  onnxOperator("ConstantOfShape", constantOfShape),
];
