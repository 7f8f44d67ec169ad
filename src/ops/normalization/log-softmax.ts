import { int } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { inferAlongAxis, softmaxTensor } from "./softmax.ts";

/** The logarithm of softmax, computed without leaving the range. */
export const LogSoftmax5 = defineOp({
  type: "LogSoftmax",
  since: "opset5",
  inputs: 1,
  attributes: { axis: int(1) },
  infer: inferAlongAxis,
  evaluate: ({ node, inputs: [x], attributes }) => [softmaxTensor(node, x, attributes.axis, true)],
});
