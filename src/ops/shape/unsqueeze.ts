import { normalizeAxis } from "../../common/shape.ts";
import { type Dimension, isKnown } from "../../tensor/dimension.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** Dimensions with a 1 at each of the axes of the result; undefined where an axis is out of range. */
function inserted<T extends Dimension>(dimensions: readonly T[], axes: readonly number[]): (T | 1)[] | undefined {
  const rank = dimensions.length + new Set(axes).size;
  const at = new Set(axes.map((a) => normalizeAxis(a, rank)));
  if (at.has(undefined) || at.size !== axes.length) return undefined;
  let next = 0;
  return Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : dimensions[next++]));
}

/** Inserts dimensions of length 1 at the axes of input 1. */
export const Unsqueeze = defineOp({
  type: "Unsqueeze",
  since: "opset1",
  inputs: 2,
  attributes: {},
  infer: (context) => {
    const [data] = context.inputs;
    const dimensions = data.partialShape.dimensions;
    const axes = context.value(1);
    const known = dimensions !== undefined && axes?.every(isKnown) === true;
    const out = known
      ? (inserted(dimensions, axes as readonly number[]) ??
        context.fail("an axis is out of range or repeated", { got: `[${axes as readonly number[]}]` }))
      : undefined;
    return [outputSpec(data.elementType, out, context.value(0))];
  },
  evaluate: ({ node, inputs: [data, axes] }) => [
    data.reshaped(inserted(data.shape, Array.from(tensorNumbers(axes))) ?? node.fail("an axis is out of range or repeated")),
  ],
});
