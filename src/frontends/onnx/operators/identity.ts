import type { Output } from "../../../model/output.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** At inference nothing is dropped: the data passes on, and the mask is all true (all ones before opset 10). */
function dropout(node: OnnxNode): readonly Output[] {
  const x = node.input(0);
  const training = node.inputs[2];
  if (training !== undefined && node.numbers(training)?.[0] !== 0)
    node.unsupported("training mode is not supported", { hint: "Export the model for inference" });
  if (!node.hasOutput(1)) return [x];
  const one = node.constant(node.opset < 10 ? x.elementType : "boolean", 1);
  return [x, node.add(Broadcast3, [one, node.add(ShapeOf3, [x], { output_type: "i64" })], { mode: "numpy" })];
}

/** What passes its input on: the output is another name of it. */
export const identityOperators: readonly Operator[] = [onnxOperator("Identity", (node) => node.input(0)), onnxOperator("Dropout", dropout)];
