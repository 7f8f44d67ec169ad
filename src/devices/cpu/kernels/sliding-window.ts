import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel, KernelBuffer, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { lowestValue } from "../../../ops/nn/lowest-value.ts";
import { allocateArray } from "../../../tensor/allocate-array.ts";
import { itemsPerTask } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import type { View } from "../../../lowering/view.ts";
import { inputOf, interiorRange, type RowRun, rowRuns, tapIsInside, tapRange, type WindowAxis } from "./convolution-window.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { storeElements, viewBuffer } from "./element-access.ts";
import { applyEpilogue, type Epilogue, epilogueBuffers } from "./epilogue.ts";

/**
 * Windows over each channel by itself, vectors along channels: depthwise convolution and pooling. Inputs of a row of
 * outputs are loaded once a tap row and shared by the outputs that they belong to.
 */
export interface SlidingWindowProblem {
  /** Views of shape [batch, channels, height, width], channel stride 1; floats, or integers for a maximum. */
  readonly input: View;
  readonly output: View;
  readonly y: WindowAxis;
  readonly x: WindowAxis;
  /** `multiplyAdd` has weights [kernel y][kernel x][channels] (padded to vectors) and a bias; `mean` divides by the window, `meanInside` by the part of it that is inside the input. */
  readonly reduce: "multiplyAdd" | "max" | "mean" | "meanInside";
  readonly epilogue?: Epilogue;
  readonly threads: number;
}

/** Operations of a tile up to which all its taps are written out, without a loop over the rows of the window. */
const mostStraight = 32;

/** Longest rows of windows: their taps are written out one by one, and code must not grow with a number in a file. */
export const widestWindow = 4096;

/** Channels of packed weights: padded, so that the last vector may be read whole. */
export const paddedChannels = (channels: number, target: KernelTarget): number => Math.ceil(channels / target.lanes) * target.lanes;

/** How many taps of an output's window lie inside the input. */
function tapsInside(axis: WindowAxis, output: number): number {
  const first = inputOf(axis, output, 0);
  const begin = Math.max(0, Math.ceil(-first / axis.dilation));
  const end = Math.min(axis.kernel, Math.ceil((axis.input - first) / axis.dilation));
  return Math.max(0, end - begin);
}

/** 1 / inputs inside the window, for each output [height][width]. */
export function windowReciprocals(y: WindowAxis, x: WindowAxis): Float32Array {
  const table = allocateArray(Float32Array, y.output * x.output);
  for (let oy = 0; oy < y.output; oy++)
    for (let ox = 0; ox < x.output; ox++) table[oy * x.output + ox] = 1 / Math.max(1, tapsInside(y, oy) * tapsInside(x, ox));
  return table;
}

/** Buffers: input, then weights and bias (multiplyAdd) or the table of reciprocals (meanInside), output, extras of the epilogue. */
export function slidingWindowKernel(problem: SlidingWindowProblem, target: KernelTarget): Kernel {
  const { input, output, y, x, reduce, epilogue } = problem;
  const [batch, channels] = output.shape;
  const padded = paddedChannels(channels, target);
  const name = reduce === "multiplyAdd" ? "depthwise convolution" : reduce === "max" ? "max pool" : "average pool";
  const k = new KernelBuilder(`${name} ${y.kernel}x${x.kernel} ${channels} ${y.output}x${x.output}`, target);
  const source = viewBuffer(k, "input", input, "read");
  const weights = reduce === "multiplyAdd" ? k.buffer("weights", "f32", y.kernel * x.kernel * padded, "read") : undefined;
  const bias = reduce === "multiplyAdd" ? k.buffer("bias", "f32", padded, "read") : undefined;
  const reciprocals = reduce === "meanInside" ? k.buffer("reciprocals", "f32", y.output * x.output, "read") : undefined;
  const result = viewBuffer(k, "output", output, "write");
  const extras = epilogueBuffers(k, epilogue);
  const element = registerOf(input.element) === "i32" ? "i32" : "f32";

  const rowWork = x.output * channels * y.kernel * x.kernel * 2;
  const rowsPerTask = itemsPerTask(y.output, rowWork, 40_000, Math.ceil((problem.threads * 4) / batch));
  const chunks = Math.ceil(y.output / rowsPerTask);
  const rows = Math.min(x.output, outputsPerTile(x, target));
  const runs = rowRuns(x, rows);
  const interior = interiorRange(y);
  const [n, chunk] = k.splitTask(batch, chunks);

  const vectorAt = (
    oy: Index,
    ox: Index,
    run: RowRun,
    c: Index,
    lanes: number,
    count: number,
    rowTaps: { begin: Index; end: Index } | undefined,
  ): void => {
    const zero = (): Register => k.constant(reduce === "max" ? lowestValue(input.element) : 0, { lanes, element });
    const first = bias ? k.load(bias, c, { lanes }) : undefined;
    const acc = k.each(run.rows, () => k.variable(first ?? zero()));
    const origin = n
      .mul(input.strides[0])
      .add(c.mul(input.strides[1]))
      .add(oy.mul(y.stride).add(-y.pad).mul(input.strides[2]))
      .add(ox.mul(x.stride).add(-x.pad).mul(input.strides[3]));
    const tapRow = (kh: Index): void => {
      const w = weights && k.each(x.kernel, (kw) => k.load(weights, kh.mul(x.kernel).add(kw).mul(padded).add(c), { lanes }));
      for (const column of columnsOf(x, run)) {
        const value = k.load(
          source,
          origin
            .add(kh.mul(y.dilation * input.strides[2]))
            .add((column.at - (run.interior ? inputOf(x, 0, 0) : inputOf(x, run.first, 0))) * input.strides[3]),
          { lanes, count },
        );
        for (const { output: m, tap } of column.uses)
          if (w) k.accumulate(acc[m], value, w[tap]);
          else k.update(acc[m], reduce === "max" ? "max" : "add", acc[m], value);
      }
    };
    if (rowTaps) k.range(rowTaps.begin, rowTaps.end, { name: "kh" }, tapRow);
    else for (let kh = 0; kh < y.kernel; kh++) tapRow(new Index(kh));
    for (const [m, sum] of acc.entries()) {
      const at = (strides: readonly number[]): Index =>
        n.mul(strides[0]).add(c.mul(strides[1])).add(oy.mul(strides[2])).add(ox.add(m).mul(strides[3]));
      const value = scaled(k, problem, sum, reciprocals, oy, ox.add(m), lanes);
      storeElements(k, output, result, at(output.strides), applyEpilogue(k, epilogue, extras, value, 1, at, count, output), count);
    }
  };

  const rowOf = (oy: Index, rowTaps: { begin: Index; end: Index } | undefined): void => {
    const tileAt = (ox: Index, run: RowRun): void => {
      const lanes = k.lanes;
      const whole = Math.floor(channels / lanes);
      k.for(whole, { name: "c" }, (i) => vectorAt(oy, ox, run, i.mul(lanes), lanes, lanes, rowTaps));
      const rest = channels - whole * lanes;
      if (rest > 0) vectorAt(oy, ox, run, new Index(whole * lanes), tailLanes(rest, lanes), rest, rowTaps);
    };
    for (const run of runs)
      if (run.tiles === 1) tileAt(new Index(run.first), run);
      else k.range(0, run.tiles, { name: "tile" }, (t) => tileAt(t.mul(run.rows).add(run.first), run));
  };

  // Border rows take a loop over the taps that are inside; the others have all taps written out.
  const firstRow = chunk.mul(rowsPerTask);
  const end = chunks * rowsPerTask === y.output ? firstRow.add(rowsPerTask) : k.minIndex(firstRow.add(rowsPerTask), y.output);
  const allInterior = interior.first === 0 && interior.end === y.output;
  k.range(firstRow, end, { name: "oy" }, (oy) => {
    const border = (): void => rowOf(oy, tapRange(k, y, oy));
    if (y.kernel * x.kernel * rows > mostStraight || interior.first >= interior.end) border();
    else if (allInterior) rowOf(oy, undefined);
    else k.ifNonNegative(k.minIndex(oy.sub(interior.first), oy.mul(-1).add(interior.end - 1)), () => rowOf(oy, undefined), border);
  });

  return k.build({
    key: problemKey("sliding window", problem),
    tasks: batch * chunks,
    flops: reduce === "multiplyAdd" ? batch * y.output * rowWork : 0,
  });
}

/** The smallest power of two that holds the rest of the channels. */
export function tailLanes(rest: number, lanes: number): number {
  let tail = lanes;
  while (tail > 1 && rest <= tail / 2) tail /= 2;
  return tail === 2 ? 4 : tail;
}

/** Outputs of a tile: their sums and one row of weights stay in registers. */
function outputsPerTile(x: WindowAxis, target: KernelTarget): number {
  const free = target.vectorRegisters - x.kernel - 3;
  return Math.max(2, Math.min(target.vectorRegisters === 32 ? 12 : 6, free));
}

interface Column {
  /** Input position along the row: absolute for a border tile, relative to output 0's window for an interior one. */
  readonly at: number;
  readonly uses: { readonly output: number; readonly tap: number }[];
}

/** The inputs along a row that a tile reads, each with the outputs and taps that use it. */
function columnsOf(x: WindowAxis, run: RowRun): Column[] {
  const base = run.interior ? 0 : run.first;
  const columns = new Map<number, Column>();
  for (let output = 0; output < run.rows; output++)
    for (let tap = 0; tap < x.kernel; tap++) {
      if (!run.interior && !tapIsInside(x, base + output, tap)) continue;
      const at = inputOf(x, base + output, tap);
      const column = columns.get(at) ?? { at, uses: [] };
      column.uses.push({ output, tap });
      columns.set(at, column);
    }
  return [...columns.values()].toSorted((a, b) => a.at - b.at);
}

function scaled(
  k: KernelBuilder,
  { reduce, y, x }: SlidingWindowProblem,
  sum: Register,
  reciprocals: KernelBuffer | undefined,
  oy: Index,
  ox: Index,
  lanes: number,
): Register {
  if (reduce === "mean") return k.mul(sum, k.constant(1 / (y.kernel * x.kernel), { lanes }));
  if (reciprocals) return k.mul(sum, k.broadcast(reciprocals, oy.mul(x.output).add(ox), lanes));
  return sum;
}
