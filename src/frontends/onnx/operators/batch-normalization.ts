import type { Output } from "../../../model/output.ts";
import { BatchNormInference5 } from "../../../ops/normalization/batch-norm-inference.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator } from "../operator.ts";

/** Inputs: data, scale, shift, mean, variance. Outputs after the first are of training. */
function batchNormalization(node: OnnxNode): Output {
  if (node.int("training_mode", 0) !== 0) node.unsupported("training mode is not supported", { hint: "Export the model for inference" });
  if (node.int("spatial", 1) === 0) node.unsupported('attribute "spatial" 0 is not supported');
  const inputs = [0, 1, 2, 3, 4].map((i) => node.input(i));
  return node.add(BatchNormInference5, inputs, { epsilon: node.float("epsilon", 1e-5) });
}

export const batchNormalizationOperator = onnxOperator("BatchNormalization", batchNormalization);
