import { input, max, min, mul, add } from "../../model/scalar-expression.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";

/** A slope of one dimension belongs to the channels, axis 1 of the data, unless it is as long as the last axis alone fits. */
export function slopeShape(data: readonly number[], slope: readonly number[]): number[] {
  if (slope.length !== 1 || data.length < 2 || slope[0] === 1 || slope[0] !== data[1]) return [...slope];
  return data.slice(1).map((_, i) => (i === 0 ? slope[0] : 1));
}

const expression = add(max(input(0), 0), mul(input(1), min(input(0), 0)));

/** x above zero, slope x below; the slope has an element for each channel, or is broadcast (He et al., 2015). */
export const PRelu = defineOp({
  type: "PRelu",
  irType: "PReLU",
  since: "opset1",
  inputs: 2,
  attributes: {},
  infer: ({ inputs: [data] }) => [outputSpec(data.elementType, data.partialShape.dimensions)],
  evaluate: ({ inputs: [data, slope], outputs }) => [
    evaluateScalar(expression, [data, slope.reshaped(slopeShape(data.shape, slope.shape))], outputs[0].elementType),
  ],
});
