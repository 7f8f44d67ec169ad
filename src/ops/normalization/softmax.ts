import { normalizeAxis } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import type { Node } from "../../model/node.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { roundedTensor, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { eachLine } from "../reduction/along-axis.ts";
import { inferSame } from "./infer-same.ts";

/** Same shape as the input, with the axis attribute checked. */
export function inferAlongAxis(context: InferContext<{ readonly axis: number }>): readonly OutputSpec[] {
  const { rank } = context.inputs[0].partialShape;
  const axis = context.attributes.axis;
  if (rank !== undefined && normalizeAxis(axis, rank) === undefined)
    context.fail("the axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) });
  return inferSame(context);
}

/** exp(x - max) / sum along an axis, or its logarithm. */
export function softmaxTensor(node: Node, tensor: Tensor, axisAttribute: number, logarithm: boolean): Tensor {
  const axis = normalizeAxis(axisAttribute, tensor.shape.length) ?? node.fail("the axis is out of range", { got: String(axisAttribute) });
  const x = tensorNumbers(tensor);
  const y = new Float64Array(x.length);
  const length = tensor.shape[axis];
  eachLine(tensor.shape, axis, (first, stride) => {
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < length; k++) max = Math.max(max, x[first + k * stride]);
    let sum = 0;
    for (let k = 0; k < length; k++) sum += y[first + k * stride] = Math.exp(x[first + k * stride] - max);
    const shift = Math.log(sum);
    for (let k = 0; k < length; k++) y[first + k * stride] = logarithm ? x[first + k * stride] - max - shift : y[first + k * stride] / sum;
  });
  return roundedTensor(tensor.elementType, tensor.shape, y);
}

/** exp(x) / sum of exp(x) along an axis. */
export const Softmax1 = defineOp({
  type: "Softmax",
  irType: "SoftMax",
  since: "opset1",
  inputs: 1,
  attributes: { axis: int(1) },
  infer: inferAlongAxis,
  evaluate: ({ node, inputs: [x], attributes }) => [softmaxTensor(node, x, attributes.axis, false)],
});

/** The same, with negative axes counted from the end. */
export const Softmax8 = defineOp({
  type: "Softmax",
  irType: "SoftMax",
  since: "opset8",
  inputs: 1,
  attributes: { axis: int(1) },
  infer: inferAlongAxis,
  evaluate: ({ node, inputs: [x], attributes }) => [softmaxTensor(node, x, attributes.axis, false)],
});
