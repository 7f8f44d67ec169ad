import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { type NumberArray } from "../../tensor/tensor-numbers.ts";

/** How elements along the axes are combined, in float64. */
export interface Reducer {
  readonly start: number;
  readonly combine: (sum: number, x: number) => number;
  readonly finish?: (sum: number, count: number) => number;
}

/** Combines the numbers of a row-major array along axes; the result is as with lengths of 1 there. */
export function reduceNumbers(
  data: NumberArray,
  shape: readonly number[],
  axes: readonly number[],
  { start, combine, finish }: Reducer,
): Float64Array {
  const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const strides = rowMajorStrides(kept).map((s, i) => (axes.includes(i) ? 0 : s));
  const sums = allocateArray(Float64Array, shapeSize(kept)).fill(start);
  const counters = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  const line = last < 0 ? 1 : shape[last];
  const step = last < 0 ? 0 : strides[last];
  let to = 0;
  for (let at = 0; at < data.length; at += line) {
    if (step === 0) {
      let sum = sums[to];
      for (let i = 0; i < line; i++) sum = combine(sum, data[at + i]);
      sums[to] = sum;
    } else for (let i = 0; i < line; i++) sums[to + i] = combine(sums[to + i], data[at + i]);
    for (let d = last - 1; d >= 0; d--) {
      to += strides[d];
      if (++counters[d] < shape[d]) break;
      to -= strides[d] * shape[d];
      counters[d] = 0;
    }
  }
  if (finish) {
    const count = axes.reduce((n, a) => n * shape[a], 1);
    for (let i = 0; i < sums.length; i++) sums[i] = finish(sums[i], count);
  }
  return sums;
}

export const sum: Reducer = { start: 0, combine: (total, x) => total + x };
export const mean: Reducer = { ...sum, finish: (total, count) => total / count };
export const sumOfSquares: Reducer = { start: 0, combine: (total, x) => total + x * x };
