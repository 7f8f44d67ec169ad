import { elementType } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import {
  addDimensions,
  ceilDivideDimension,
  maxDimensions,
  multiplyDimensions,
  subtractDimensions,
} from "../../tensor/dimension-arithmetic.ts";
import { type ElementType, isFloat, isInteger } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { commonType } from "../define-elementwise.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** Elements up to which the numbers take part in shape sub-graphs. */
const mostValues = 1024;

/** Numbers from `start` (inclusive) to `stop` (exclusive); floats lose their fraction first where the output has none. */
function rangeOf(tensors: readonly Tensor[], type: ElementType): { readonly start: number; readonly step: number; readonly count: number } {
  const [start, stop, step] = tensors.map((t) => (isFloat(type) ? tensorNumbers(t)[0] : Math.trunc(tensorNumbers(t)[0])));
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

function inferRange(context: InferContext, type: ElementType): readonly OutputSpec[] {
  for (const [i, { partialShape }] of context.inputs.entries())
    if (partialShape.isStatic && (partialShape.dimensions as readonly number[]).some((d) => d !== 1))
      context.fail(`input ${i} must have one element`, { got: String(partialShape) });
  const constants = [0, 1, 2].flatMap((i) => context.constant(i) ?? []);
  if (constants.length === 3 && type !== "dynamic") {
    const { count } = rangeOf(constants, type);
    if (!Number.isSafeInteger(count)) context.fail("the range has no end", { got: "step 0, or a bound that is no number" });
    if (isFloat(type)) return [outputSpec(type, [count])];
  }
  const [start, stop, step] = [0, 1, 2].map((i) => context.value(i)?.[0]);
  if (start === undefined || stop === undefined || step === undefined || !isKnown(step) || step === 0)
    return [outputSpec(type, [anyDimension])];
  const distance = step > 0 ? subtractDimensions(stop, start) : subtractDimensions(start, stop);
  const count = maxDimensions(0, ceilDivideDimension(distance, Math.abs(step)));
  return [outputSpec(type, [count], isInteger(type) && isKnown(count) && count <= mostValues ? valuesOf(start, step, count) : undefined)];
}

const valuesOf = (start: Dimension, step: number, count: number): readonly Dimension[] =>
  Array.from({ length: count }, (_, i) => addDimensions(start, multiplyDimensions(i, step)));

function evaluateRange({ node, inputs }: EvaluateContext, type: ElementType): readonly Tensor[] {
  const { start, step, count } = rangeOf(inputs, type);
  if (!Number.isSafeInteger(count)) node.fail("the range has no end", { got: "step 0, or a bound that is no number" });
  const out = allocateNumbers(type, count);
  for (let i = 0; i < count; i++) out[i] = start + i * step;
  return [tensorOfNumbers(type, [count], out)];
}

/** Numbers from start (inclusive) to stop (exclusive) by a step, of the inputs' type. */
export const Range1 = defineOp({
  type: "Range",
  since: "opset1",
  inputs: 3,
  attributes: {},
  infer: (context) => inferRange(context, commonType(context, "numeric")),
  evaluate: (context) => evaluateRange(context, context.outputs[0].elementType),
});

/** The same, of any type. */
export const Range4 = defineOp({
  type: "Range",
  since: "opset4",
  inputs: 3,
  attributes: { output_type: elementType() },
  infer: (context) => inferRange(context, context.attributes.output_type),
  evaluate: (context) => evaluateRange(context, context.attributes.output_type),
});
