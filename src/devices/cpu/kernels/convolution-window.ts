import { Index, type KernelBuilder } from "../../../kernel/builder.ts";

/** How windows move over one spatial dimension: output o reads inputs o * stride - pad + t * dilation for taps t. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding at the begin; may be negative. */
  readonly pad: number;
}

export const inputOf = (axis: WindowAxis, output: number, tap: number): number => output * axis.stride - axis.pad + tap * axis.dilation;

export const tapIsInside = (axis: WindowAxis, output: number, tap: number): boolean => {
  const i = inputOf(axis, output, tap);
  return i >= 0 && i < axis.input;
};

/** Whether all taps of an output read inside the input. */
export const isInterior = (axis: WindowAxis, output: number): boolean =>
  tapIsInside(axis, output, 0) && tapIsInside(axis, output, axis.kernel - 1);

/** Outputs [first, end) whose windows lie inside; empty where there are none. */
export function interiorRange(axis: WindowAxis): { readonly first: number; readonly end: number } {
  let first = 0;
  while (first < axis.output && !isInterior(axis, first)) first++;
  let end = axis.output;
  while (end > first && !isInterior(axis, end - 1)) end--;
  return { first, end };
}

/** The taps [begin, end) of an output that is an index of the kernel: those that read inside the input. */
export function tapRange(k: KernelBuilder, axis: WindowAxis, output: Index): { readonly begin: Index; readonly end: Index } {
  const { first, end } = interiorRange(axis);
  if (first === 0 && end === axis.output) return { begin: new Index(0), end: new Index(axis.kernel) };
  const origin = output.mul(axis.stride).add(-axis.pad);
  // begin = ceil(max(0, -origin) / dilation), end = min(kernel, ceil(max(0, input - origin) / dilation))
  const begin = k.divide(k.maxIndex(origin.mul(-1), 0).add(axis.dilation - 1), axis.dilation);
  const stop = k.divide(k.maxIndex(origin.mul(-1).add(axis.input), 0).add(axis.dilation - 1), axis.dilation);
  return { begin: k.minIndex(begin, axis.kernel), end: k.minIndex(stop, axis.kernel) };
}

/** A run of equal tiles along a row, or one tile at the border whose taps are checked one by one. */
export interface RowRun {
  /** First output of the run. */
  readonly first: number;
  readonly rows: number;
  readonly tiles: number;
  /** All taps of all outputs lie inside. */
  readonly interior: boolean;
}

/** Cuts a row of outputs into tiles of `rows`: border tiles alone, interior ones as runs. */
export function rowRuns(axis: WindowAxis, rows: number): RowRun[] {
  const interior = interiorRange(axis);
  const runs: RowRun[] = [];
  for (let first = 0; first < axis.output;) {
    const count = Math.min(rows, axis.output - first);
    const inside = first >= interior.first && first + count <= interior.end;
    const tiles = inside ? Math.floor((interior.end - first) / count) : 1;
    runs.push({ first, rows: count, tiles, interior: inside });
    first += tiles * count;
  }
  return runs;
}

/** Taps of a border tile that are valid for the same of its outputs. */
export interface TapRun {
  readonly first: number;
  readonly count: number;
  /** Outputs of the tile, counted from its first. */
  readonly rows: readonly number[];
}

/** The taps of a border tile that starts at an output, in runs; those that are valid for none are left out. */
export function tapRuns(axis: WindowAxis, output: number, rows: number): TapRun[] {
  const runs: TapRun[] = [];
  for (let tap = 0; tap < axis.kernel; tap++) {
    const valid: number[] = [];
    for (let m = 0; m < rows; m++) if (tapIsInside(axis, output + m, tap)) valid.push(m);
    const last = runs.at(-1);
    if (last && last.first + last.count === tap && last.rows.join() === valid.join())
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else if (valid.length > 0) runs.push({ first: tap, count: 1, rows: valid });
  }
  return runs;
}
