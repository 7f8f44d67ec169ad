import { type AttributesOf, ints } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown, maxOf } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, integersOf, resolveIndex } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { sliceTensor } from "./slice.ts";
import { sliceLength, sliceRange } from "./slice-range.ts";

/** What one axis of the output, or one that is dropped, comes from. */
type AxisSpec =
  | { readonly kind: "new" }
  /** `entry`: the position in begin, end and stride; undefined where the axis is taken whole. */
  | { readonly kind: "slice" | "shrink"; readonly axis: number; readonly entry: number | undefined };

const masks = {
  begin_mask: ints(),
  end_mask: ints(),
  new_axis_mask: ints([]),
  shrink_axis_mask: ints([]),
  ellipsis_mask: ints([]),
} as const;
type Masks = AttributesOf<typeof masks>;

/** Reads the masks against the rank (TensorFlow's strided_slice): ellipsis, then new axis, then shrink. */
function axisSpecs(attributes: Masks, entries: number, rank: number): AxisSpec[] | undefined {
  const bit = (name: keyof Masks, i: number): boolean => attributes[name][i] === 1;
  const specs: AxisSpec[] = [];
  const isEllipsis = (i: number): boolean => bit("ellipsis_mask", i);
  const isNew = (i: number): boolean => !isEllipsis(i) && bit("new_axis_mask", i);
  const positions = Array.from({ length: entries }, (_, i) => i);
  const taken = positions.filter((i) => !isEllipsis(i) && !isNew(i)).length;
  if (taken > rank || positions.filter(isEllipsis).length > 1) return undefined;
  let axis = 0;
  for (const i of positions)
    if (isEllipsis(i)) for (let n = rank - taken; n > 0; n--) specs.push({ kind: "slice", axis: axis++, entry: undefined });
    else if (isNew(i)) specs.push({ kind: "new" });
    else specs.push({ kind: bit("shrink_axis_mask", i) ? "shrink" : "slice", axis: axis++, entry: i });
  while (axis < rank) specs.push({ kind: "slice", axis: axis++, entry: undefined });
  return specs;
}

/** A bound of entry `i`, undefined where its mask says to ignore it. */
const boundOf = <T>(attributes: Masks, mask: "begin_mask" | "end_mask", bounds: readonly T[], i: number): T | undefined =>
  attributes[mask][i] === 1 ? undefined : bounds[i];

function stridedSliceTensor(
  data: Tensor,
  attributes: Masks,
  specs: readonly AxisSpec[],
  begin: readonly number[],
  end: readonly number[],
  steps: readonly number[] | undefined,
  indexOf: (index: number, length: number) => number,
): Tensor {
  const ranges = data.shape.map((length) => ({ start: 0, step: 1, length }));
  const shape: number[] = [];
  for (const spec of specs) {
    if (spec.kind === "new") {
      shape.push(1);
      continue;
    }
    const { axis, entry } = spec;
    const size = data.shape[axis];
    if (spec.kind === "shrink" && entry !== undefined)
      ranges[axis] = { start: indexOf(boundOf(attributes, "begin_mask", begin, entry) ?? 0, size), step: 1, length: 1 };
    else if (entry !== undefined)
      ranges[axis] = sliceRange(
        size,
        boundOf(attributes, "begin_mask", begin, entry),
        boundOf(attributes, "end_mask", end, entry),
        steps?.[entry] ?? 1,
      );
    if (spec.kind === "slice") shape.push(ranges[axis].length);
  }
  return sliceTensor(data, ranges).reshaped(shape);
}

/** Refuses the index of an axis that is dropped where it surely lies beyond the axis. */
function checkShrunk(context: InferContext, size: Dimension, index: Dimension | undefined): void {
  if (index !== undefined && isKnown(index) && (index >= maxOf(size) || index < -maxOf(size)))
    context.fail("an index is out of range", {
      expected: maxOf(size) === 0 ? "none, the dimension is empty" : `${-maxOf(size)} to ${maxOf(size) - 1}`,
      got: String(index),
    });
}

/** TensorFlow's slicing: inputs are data, begin, end and, optionally, stride; masks are lists of 0 and 1, one for each entry. */
export const StridedSlice = defineOp({
  type: "StridedSlice",
  since: "opset1",
  attributes: masks,
  inputs: [3, 4],
  shapeInputs: [1, 2, 3],
  positional: true,
  infer: (context) => {
    const { attributes } = context;
    const [data, beginInput, endInput] = context.inputs;
    for (const [i, name] of ["begin", "end", "stride"].entries()) checkIntegers(context, i + 1, name);
    const dimensions = data.partialShape.dimensions;
    const begin = context.value(1);
    const end = context.value(2);
    const steps = context.inputs.length > 3 ? knownNumbers(context, 3) : begin?.map(() => 1);
    const entries = begin?.length ?? end?.length ?? beginInput.partialShape.dimensions?.[0] ?? endInput.partialShape.dimensions?.[0];
    if (dimensions === undefined || entries === undefined || !isKnown(entries)) return [outputSpec(data.elementType, undefined)];
    if (steps?.includes(0)) context.fail("a stride is 0", { got: `[${steps}]` });
    const specs = axisSpecs(attributes, entries, dimensions.length);
    if (specs === undefined)
      return context.fail("begin and end have more entries than the data has dimensions, or two ellipses", {
        expected: `at most ${dimensions.length}`,
        got: `${entries}`,
      });
    const shape: Dimension[] = [];
    for (const spec of specs) {
      if (spec.kind === "new") shape.push(1);
      else if (spec.kind === "shrink")
        checkShrunk(context, dimensions[spec.axis], boundOf(attributes, "begin_mask", begin ?? [], spec.entry as number));
      else if (spec.entry === undefined) shape.push(dimensions[spec.axis]);
      else {
        const { entry } = spec;
        const bound = (mask: "begin_mask" | "end_mask", list: readonly Dimension[] | undefined): Dimension | undefined =>
          boundOf(attributes, mask, list ?? new Array<Dimension>(entries).fill(anyDimension), entry);
        shape.push(
          steps === undefined
            ? anyDimension
            : sliceLength(dimensions[spec.axis], bound("begin_mask", begin), bound("end_mask", end), steps[entry] ?? 1),
        );
      }
    }
    const known = begin?.every(isKnown) && end?.every(isKnown) && steps !== undefined;
    const values = known
      ? movedValues(context, [0], ([p]) => [
          stridedSliceTensor(p, attributes, specs, begin as readonly number[], end as readonly number[], steps, (i, n) =>
            i < -n || i >= n ? context.fail("an index is out of range", { got: String(i) }) : i < 0 ? i + n : i,
          ),
        ])
      : undefined;
    return [outputSpec(data.elementType, shape, values?.[0])];
  },
  evaluate: ({ node, attributes, inputs: [data, begin, end, stride] }) => {
    const begins = integersOf(begin);
    const specs = axisSpecs(attributes, begins.length, data.shape.length);
    if (specs === undefined) return node.fail("begin and end have more entries than the data has dimensions, or two ellipses");
    const steps = stride && integersOf(stride);
    if (steps?.includes(0)) node.fail("a stride is 0", { got: `[${steps}]` });
    return [stridedSliceTensor(data, attributes, specs, begins, integersOf(end), steps, (i, n) => resolveIndex(node, i, n))];
  },
});
