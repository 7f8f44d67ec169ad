import type { TypedArray } from "../../tensor/element-type.ts";

/** Elements of an array: the one at `offset` is the first, steps along each axis are `strides` elements. */
interface StridedElements {
  readonly data: TypedArray;
  readonly offset: number;
  readonly strides: readonly number[];
}

interface Axis {
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

/** Drops axes of length 1 and joins neighbours that both sides step through as one. */
function joinAxes(shape: readonly number[], from: readonly number[], to: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [i, length] of shape.entries()) {
    if (length === 1) continue;
    const outer = axes.at(-1);
    if (outer && outer.from === from[i] * length && outer.to === to[i] * length)
      axes[axes.length - 1] = { length: outer.length * length, from: from[i], to: to[i] };
    else axes.push({ length, from: from[i], to: to[i] });
  }
  return axes;
}

/** Copies a block of `shape` between two arrays of one kind. Strides may be negative or, of the source, 0. */
export function copyStrided(shape: readonly number[], source: StridedElements, target: StridedElements): void {
  if (shape.includes(0)) return;
  const axes = joinAxes(shape, source.strides, target.strides);
  const inner = axes.pop() ?? { length: 1, from: 1, to: 1 };
  // One array type on both sides; the cast only picks the element type for the compiler.
  const from = source.data as Float32Array;
  const to = target.data as Float32Array;
  const counters = new Array<number>(axes.length).fill(0);
  let i = source.offset;
  let o = target.offset;
  for (;;) {
    copyRow(from, i, inner.from, to, o, inner.to, inner.length);
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      i += axes[axis].from;
      o += axes[axis].to;
      if (++counters[axis] < axes[axis].length) break;
      i -= axes[axis].from * axes[axis].length;
      o -= axes[axis].to * axes[axis].length;
      counters[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function copyRow(
  from: Float32Array,
  fromStart: number,
  fromStep: number,
  to: Float32Array,
  toStart: number,
  toStep: number,
  length: number,
): void {
  if (fromStep === 1 && toStep === 1 && length > 16) {
    to.set(from.subarray(fromStart, fromStart + length), toStart);
    return;
  }
  for (let k = 0, i = fromStart, o = toStart; k < length; k++, i += fromStep, o += toStep) to[o] = from[i];
}
