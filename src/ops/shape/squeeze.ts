import { normalizeAxis } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

type Fail = (what: string, details: { readonly expected?: string; readonly got?: string }) => never;

/** Dimensions without those of length 1 at the axes, or without all of length 1. Undefined where it is open which remain. */
function squeezed<T extends Dimension>(
  dimensions: readonly T[],
  axes: readonly number[] | undefined,
  skips: boolean,
  fail: Fail,
): readonly T[] | undefined {
  const mayBeOne = (d: Dimension): boolean => minOf(d) <= 1 && maxOf(d) >= 1;
  if (axes === undefined || axes.length === 0)
    return dimensions.some((d) => !isKnown(d) && mayBeOne(d)) ? undefined : dimensions.filter((d) => d !== 1);
  const rank = dimensions.length;
  const at = new Set(
    axes.map((a) => normalizeAxis(a, rank) ?? fail("an axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: `${a}` })),
  );
  for (const a of at) {
    if (skips && !isKnown(dimensions[a]) && mayBeOne(dimensions[a])) return undefined;
    if (!skips && !mayBeOne(dimensions[a])) fail("a dimension to remove is not 1", { got: `${String(dimensions[a])} at axis ${a}` });
  }
  return dimensions.filter((d, i) => !at.has(i) || !mayBeOne(d));
}

/** Opset1 refuses axes that are not 1. */
type SqueezeAttributes = { readonly allow_axis_skip?: boolean };

function infer(context: InferContext<SqueezeAttributes>): readonly OutputSpec[] {
  const [{ elementType, partialShape }] = context.inputs;
  const { dimensions } = partialShape;
  const axes = context.inputs.length > 1 ? context.value(1) : [];
  const out =
    dimensions !== undefined && axes?.every(isKnown)
      ? squeezed(dimensions, axes as readonly number[], context.attributes.allow_axis_skip === true, (what, details) =>
          context.fail(what, details),
        )
      : undefined;
  return [outputSpec(elementType, out, context.value(0))];
}

function evaluate({ node, inputs: [data, axesTensor], attributes }: EvaluateContext<SqueezeAttributes>): readonly Tensor[] {
  const axes = axesTensor && Array.from(tensorNumbers(axesTensor));
  const shape = squeezed(data.shape, axes, attributes.allow_axis_skip === true, (what, details) => node.fail(what, details));
  return [data.reshaped(shape as readonly number[])];
}

/** Removes dimensions of length 1: those of input 1, or all. */
export const Squeeze1 = defineOp({ type: "Squeeze", since: "opset1", inputs: [1, 2], attributes: {}, infer, evaluate });

/** The same; with `allow_axis_skip` axes of other lengths stay. */
export const Squeeze15 = defineOp({
  type: "Squeeze",
  since: "opset15",
  inputs: [1, 2],
  attributes: { allow_axis_skip: boolean(false) },
  infer,
  evaluate,
});
