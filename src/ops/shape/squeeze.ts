import { normalizeAxis } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

function infer(context: InferContext): readonly OutputSpec[] {
  const [data] = context.inputs;
  const dimensions = data.partialShape.dimensions;
  const value = context.value(0);
  if (dimensions === undefined) return [outputSpec(data.elementType, undefined, value)];
  if (context.inputs.length === 1)
    return [outputSpec(data.elementType, dimensions.every(isKnown) ? dimensions.filter((d) => d !== 1) : undefined, value)];
  const axes = context.value(1);
  if (!axes?.every(isKnown)) return [outputSpec(data.elementType, undefined, value)];
  const removed = (axes as readonly number[]).map(
    (a) =>
      normalizeAxis(a, dimensions.length) ??
      context.fail("the axis is out of range", { expected: `${-dimensions.length} to ${dimensions.length - 1}`, got: String(a) }),
  );
  for (const a of removed) {
    const d = dimensions[a];
    if (isKnown(d) && d !== 1 && context.attributes["allow_axis_skip"] !== true)
      context.fail("a dimension to remove is not 1", { got: `${d} at axis ${a} of ${data.partialShape}` });
  }
  const gone =
    removed.length === 0
      ? dimensions.map((_, i) => i).filter((i) => dimensions[i] === 1)
      : removed.filter((a) => !isKnown(dimensions[a]) || dimensions[a] === 1);
  return [
    outputSpec(
      data.elementType,
      dimensions.filter((_, i) => !gone.includes(i)),
      value,
    ),
  ];
}

function evaluate({ inputs: [data, axesTensor] }: EvaluateContext): readonly Tensor[] {
  const axes =
    axesTensor && axesTensor.size > 0 ? Array.from(tensorNumbers(axesTensor), (a) => normalizeAxis(a, data.shape.length)) : undefined;
  return [data.reshaped(data.shape.filter((d, i) => d !== 1 || (axes !== undefined && !axes.includes(i))))];
}

/** Removes dimensions of length 1: those of input 1, or all. */
export const Squeeze1 = defineOp({ type: "Squeeze", since: "opset1", inputs: [1, 2], attributes: {}, infer, evaluate });
export const Squeeze15 = defineOp({
  type: "Squeeze",
  since: "opset15",
  inputs: [1, 2],
  attributes: { allow_axis_skip: boolean(false) },
  infer,
  evaluate,
});
