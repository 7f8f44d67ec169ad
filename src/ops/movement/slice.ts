import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, integersOf, resolveAxis } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { type SliceRange, sliceLength, sliceRange } from "./slice-range.ts";
import { copyStrided } from "./strided-copy.ts";

/** The elements that one range for each axis picks. */
export function sliceTensor(data: Tensor, ranges: readonly SliceRange[]): Tensor {
  const strides = rowMajorStrides(data.shape);
  const shape = ranges.map((r) => r.length);
  const raw = allocateRaw(data.elementType, shapeSize(shape));
  const offset = ranges.reduce((sum, r, i) => sum + r.start * strides[i], 0);
  copyStrided(
    shape,
    { data: rawElements(data), offset, strides: strides.map((s, i) => s * ranges[i].step) },
    { data: raw, offset: 0, strides: rowMajorStrides(shape) },
  );
  return tensorOfRaw(data.elementType, shape, raw);
}

const wholeRange = (length: number): SliceRange => ({ start: 0, step: 1, length });

function rangesOf(
  shape: readonly number[],
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[],
  axes: readonly number[],
): SliceRange[] {
  const ranges = shape.map(wholeRange);
  for (const [k, axis] of axes.entries()) ranges[axis] = sliceRange(shape[axis], starts[k], stops[k], steps[k]);
  return ranges;
}

/** The axes input, or by default the leading axes; undefined where not known. */
function axesOf(context: InferContext, rank: number): readonly number[] | undefined {
  if (context.inputs.length > 4) {
    const axes = knownNumbers(context, 4)?.map((a) => resolveAxis(context, a, rank));
    if (axes && new Set(axes).size !== axes.length) context.fail("an axis is sliced twice", { got: `[${axes}]` });
    return axes;
  }
  const count = context.value(1)?.length ?? context.inputs[1].partialShape.dimensions?.[0];
  if (count === undefined || !isKnown(count)) return undefined;
  if (count > rank) context.fail("there are more bounds than dimensions", { expected: `at most ${rank}`, got: `${count}` });
  return Array.from({ length: count }, (_, i) => i);
}

/** Numpy's slicing with steps of either sign: inputs are data, start, stop, step and, optionally, axes. */
export const Slice8 = defineOp({
  type: "Slice",
  since: "opset8",
  attributes: {},
  inputs: [4, 5],
  infer: (context) => {
    const data = context.inputs[0];
    for (const [i, name] of ["start", "stop", "step", "axes"].entries()) checkIntegers(context, i + 1, name);
    const dimensions = data.partialShape.dimensions;
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    const axes = axesOf(context, dimensions.length);
    if (axes === undefined)
      return [
        outputSpec(
          data.elementType,
          dimensions.map(() => anyDimension),
        ),
      ];
    const [starts, stops] = [context.value(1), context.value(2)];
    const steps = knownNumbers(context, 3);
    if (steps?.includes(0)) context.fail("a step is 0", { got: `[${steps}]` });
    for (const [name, list] of [
      ["start", starts],
      ["stop", stops],
      ["step", steps],
    ] as const)
      if (list !== undefined && list.length !== axes.length)
        context.fail(`${name} must have one number for each axis`, { expected: `${axes.length}`, got: `${list.length}` });
    const shape = [...dimensions];
    for (const [k, axis] of axes.entries())
      shape[axis] = steps ? sliceLength(dimensions[axis], starts?.[k] ?? anyDimension, stops?.[k] ?? anyDimension, steps[k]) : anyDimension;
    if (!starts?.every(isKnown) || !stops?.every(isKnown) || steps === undefined) return [outputSpec(data.elementType, shape)];
    const values = movedValues(context, [0], ([p]) => [
      sliceTensor(p, rangesOf(p.shape, starts as readonly number[], stops as readonly number[], steps, axes)),
    ]);
    return [outputSpec(data.elementType, shape, values?.[0])];
  },
  evaluate: ({ node, inputs: [data, ...bounds] }) => {
    const [starts, stops, steps, axes] = bounds.map(integersOf);
    const resolved = (axes ?? starts.map((_, i) => i)).map((a) => resolveAxis(node, a, data.shape.length));
    if (steps.includes(0)) node.fail("a step is 0", { got: `[${steps}]` });
    return [sliceTensor(data, rangesOf(data.shape, starts, stops, steps, resolved))];
  },
});
