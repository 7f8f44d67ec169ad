import type { Node } from "../../model/node.ts";
import { lengthOf, matchIntegers } from "../match.ts";
import { type Rewrite, rewrite } from "../rewrite.ts";
import type { ShapeOptions } from "./no-op-shape-change.ts";

/** Exporters write "to the end" as the largest 32-bit or 64-bit integer. */
const toTheEnd = 0x7fffffff;

/** A Slice or StridedSlice that takes everything. */
export const noOpSlice = ({ useShapes }: ShapeOptions): Rewrite =>
  rewrite("no-op-slice", ["Slice", "StridedSlice"], (node) => {
    const ranges = node.type === "Slice" ? sliceRanges(node) : stridedRanges(node);
    const [data] = node.inputs;
    const all = ranges?.every(({ axis, begin, end, step }) => {
      const length = lengthOf(data, axis);
      return begin === 0 && step === 1 && (end >= toTheEnd || (useShapes && length !== undefined && end >= length));
    });
    return all ? data : undefined;
  });

interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly step: number;
}

function sliceRanges({ inputs }: Node): Range[] | undefined {
  const [starts, stops, steps] = [1, 2, 3].map((i) => matchIntegers(inputs[i]));
  const axes = inputs.length > 4 ? matchIntegers(inputs[4]) : starts?.map((_, i) => i);
  if (starts === undefined || stops === undefined || steps === undefined || axes === undefined) return undefined;
  return starts.map((begin, i) => ({ axis: axes[i], begin, end: stops[i], step: steps[i] }));
}

function stridedRanges({ inputs, attributes }: Node): Range[] | undefined {
  const begins = matchIntegers(inputs[1]);
  const ends = matchIntegers(inputs[2]);
  const strides = inputs.length > 3 ? matchIntegers(inputs[3]) : begins?.map(() => 1);
  const mask = (name: string, i: number): boolean => (attributes[name] as readonly number[] | undefined)?.[i] === 1;
  if (begins === undefined || ends === undefined || strides === undefined) return undefined;
  if (begins.some((_, i) => mask("new_axis_mask", i) || mask("shrink_axis_mask", i) || mask("ellipsis_mask", i))) return undefined;
  return begins.map((begin, axis) => ({
    axis,
    begin: mask("begin_mask", axis) ? 0 : begin,
    end: mask("end_mask", axis) ? toTheEnd : ends[axis],
    step: strides[axis],
  }));
}
