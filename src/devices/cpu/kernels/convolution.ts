import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { itemsPerTask } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { sliceView, type View, viewSpan } from "../../../lowering/view.ts";
import { type RowRun, rowRuns, tapRange, tapRuns, type WindowAxis } from "./convolution-window.ts";
import { storeElements, viewBuffer } from "./element-access.ts";
import { applyEpilogue, type Epilogue, epilogueBuffers } from "./epilogue.ts";
import { blockChannels, chooseSegments, type Segment } from "./tile.ts";

/**
 * A convolution as implicit GEMM: no im2col, a register tile of output pixels by output channels, the input read by
 * broadcasts (so it may lie by any strides) and the weights by vectors, packed in the order of use. Matrix products
 * with a constant right side are 1x1 convolutions over a row of pixels.
 */
export interface ConvolutionProblem {
  /** Views of shape [batch, groups, channels of a group, height, width]. The output's channel stride is 1. */
  readonly input: View;
  readonly output: View;
  readonly y: WindowAxis;
  readonly x: WindowAxis;
  /** Start of the sums, one for each output channel. */
  readonly bias: boolean;
  /** Weights that are not constant, of shape [batch, groups, input channels, output channels] with output stride 1 (1x1 kernels only): read where they lie. */
  readonly weights?: View;
  readonly epilogue?: Epilogue;
  /** How many threads will share the work. */
  readonly threads: number;
}

/** One kernel of a convolution, for a run of output channels: `operands` are input, packed weights, bias, output, extras. */
export interface ConvolutionPart {
  readonly kernel: Kernel;
  readonly segment: Segment;
}

const channelAxis = 2;
/** Multiply-adds of a tile up to which the taps and channels of a row are written out without loops. */
const mostStraight = 128;

export function convolutionKernels(problem: ConvolutionProblem, target: KernelTarget): ConvolutionPart[] {
  const [, , channels, height, width] = problem.output.shape;
  const depth = problem.input.shape[2] * problem.y.kernel * problem.x.kernel;
  return chooseSegments({ channels, height, width, depth }, target).map((segment) => ({
    kernel: segmentKernel(problem, segment, target),
    segment,
  }));
}

/** Elements of the packed weights of a segment: [group][block][kernel y][kernel x][input channel][vectors * lanes]. */
const packedWeightsLength = (problem: ConvolutionProblem, { tile, blocks }: Segment): number =>
  problem.input.shape[1] * blocks * problem.y.kernel * problem.x.kernel * problem.input.shape[2] * blockChannels(tile);

/** Cuts the output's view, and what follows it, to a segment's channels. */
const channelsOf = (view: View, { firstChannel, channels }: Segment, axis: number = channelAxis): View =>
  sliceView(view, axis, firstChannel, channels);

/** The views that a segment's kernel takes: its weights where they are not packed, and its output and extras. */
export const segmentOperands = (
  problem: ConvolutionProblem,
  segment: Segment,
): { readonly weights?: View; readonly results: readonly View[] } => ({
  ...(problem.weights && { weights: channelsOf(problem.weights, segment, 3) }),
  results: [problem.output, ...(problem.epilogue?.inputs ?? [])].map((v) => channelsOf(v, segment)),
});

function segmentKernel(problem: ConvolutionProblem, segment: Segment, target: KernelTarget): Kernel {
  const { input, y, x, bias } = problem;
  const { tile, blocks } = segment;
  const { lanes, vectors } = tile;
  const [batch, groups, inputChannels] = input.shape;
  const output = channelsOf(problem.output, segment);
  const epilogue = problem.epilogue && { ...problem.epilogue, inputs: problem.epilogue.inputs.map((v) => channelsOf(v, segment)) };
  const block = blockChannels(tile);
  const groupChannels = segment.channels;
  const paddedChannels = blocks * block;

  const k = new KernelBuilder(
    `convolution ${y.kernel}x${x.kernel}${groups > 1 ? ` g${groups}` : ""} ${inputChannels}->${groupChannels} ${y.output}x${x.output}`,
    target,
  );
  const source = k.buffer("input", "f32", viewSpan(input), "read");
  const loose = problem.weights && channelsOf(problem.weights, segment, 3);
  const weights = k.buffer("weights", "f32", loose ? viewSpan(loose) : packedWeightsLength(problem, segment), "read");
  const biases = bias ? k.buffer("bias", "f32", groups * paddedChannels, "read") : undefined;
  const target0 = viewBuffer(k, "output", output, "write");
  const extras = epilogueBuffers(k, epilogue);

  // Tasks: whole rows, or runs of tiles where there are few rows.
  const runs = rowRuns(x, tile.rows);
  const flopsPerRow = 2 * x.output * y.kernel * x.kernel * inputChannels * block;
  const mostTasks = problem.threads * 6;
  const rowTasks = batch * groups * y.output;
  const mainRun = runs.findIndex((r) => r.tiles === Math.max(...runs.map((q) => q.tiles)));
  const splitRow = problem.threads > 1 && rowTasks < problem.threads * 4 && runs[mainRun].tiles >= 4;
  const rowsPerTask = splitRow
    ? 1
    : itemsPerTask(y.output, flopsPerRow * batch, 60_000, Math.ceil(mostTasks / Math.max(1, batch * groups)));
  const tilesPerTask = splitRow
    ? itemsPerTask(runs[mainRun].tiles, (flopsPerRow / x.output) * tile.rows, 60_000, Math.ceil(mostTasks / rowTasks))
    : runs[mainRun].tiles;
  const rowChunks = Math.ceil(y.output / rowsPerTask);
  const tileChunks = Math.ceil(runs[mainRun].tiles / tilesPerTask);

  const [n, g, rowChunk, tileChunk, b] = k.splitTask(batch, groups, rowChunks, tileChunks, blocks);
  const inputBase = n.mul(input.strides[0]).add(g.mul(input.strides[1]));
  const channel = b.mul(block);
  const weightStep = loose ? loose.strides[2] : block;
  const weightBase = loose
    ? n.mul(loose.strides[0]).add(g.mul(loose.strides[1])).add(channel)
    : g
        .mul(blocks)
        .add(b)
        .mul(y.kernel * x.kernel * inputChannels * block);
  /** Lanes of vector v that exist; only the last vector of the last block is cut, and then there is one block. */
  const countOf = (v: number): number => Math.min(lanes, blocks > 1 ? lanes : groupChannels - v * lanes);

  const rowOf = (oy: Index): void => {
    const taps = tapRange(k, y, oy);
    const inputRow = inputBase.add(oy.mul(y.stride).add(-y.pad).mul(input.strides[3]));

    const tileAt = (ox: Index, rows: number, staticX: number | undefined): void => {
      const biasAt = g.mul(paddedChannels).add(channel);
      const first = k.each(vectors, (v) => (biases ? k.load(biases, biasAt.add(v * lanes), { lanes }) : k.constant(0, { lanes })));
      const acc = k.accumulators(rows, vectors, (_, v) => first[v], lanes);
      const step = (inputAt: Index, weightAt: Index, valid: readonly number[]): void => {
        const w = k.each(vectors, (v) => k.load(weights, weightAt.add(v * lanes), { lanes, count: loose ? countOf(v) : lanes }));
        for (const m of valid) {
          const value = k.broadcast(source, inputAt.add(m * x.stride * input.strides[4]), lanes);
          for (const [v, weight] of w.entries()) k.accumulate(acc[m][v], value, weight);
        }
      };
      const all = k.each(rows, (m) => m);
      const overChannels = (inputAt: Index, weightAt: Index, valid: readonly number[], unroll: number): void =>
        k.for(inputChannels, { unroll, name: "ic" }, (ic) =>
          step(inputAt.add(ic.mul(input.strides[2])), weightAt.add(ic.mul(weightStep)), valid),
        );
      const column = inputRow.add(ox.mul(x.stride).add(-x.pad).mul(input.strides[4]));
      const overTaps = (kh: Index): void => {
        const inputAt = column.add(kh.mul(y.dilation * input.strides[3]));
        const weightAt = weightBase.add(kh.mul(x.kernel * inputChannels * block));
        const straight = x.kernel * inputChannels * rows * vectors <= mostStraight;
        if (staticX === undefined)
          k.for(x.kernel, { unroll: straight ? x.kernel : 1, name: "kw" }, (kw) =>
            overChannels(
              inputAt.add(kw.mul(x.dilation * input.strides[4])),
              weightAt.add(kw.mul(inputChannels * block)),
              all,
              straight ? inputChannels : unrollOf(inputChannels, rows * vectors),
            ),
          );
        else
          for (const { first, count, rows: valid } of tapRuns(x, staticX, rows)) {
            const tap = (kw: Index): void =>
              overChannels(
                inputAt.add(kw.mul(x.dilation * input.strides[4])),
                weightAt.add(kw.mul(inputChannels * block)),
                valid,
                straight ? inputChannels : 1,
              );
            if (count === 1) tap(new Index(first));
            else k.range(first, first + count, { name: "kw" }, tap);
          }
      };
      if (y.kernel === 1 && taps.begin.terms.length === 0) overTaps(new Index(0));
      else k.range(taps.begin, taps.end, { name: "kh" }, overTaps);

      for (const m of all)
        for (let v = 0; v < vectors; v++) {
          const at = (strides: readonly number[]): Index =>
            n
              .mul(strides[0])
              .add(g.mul(strides[1]))
              .add(channel.add(v * lanes).mul(strides[2]))
              .add(oy.mul(strides[3]))
              .add(ox.add(m).mul(strides[4]));
          const value = applyEpilogue(k, epilogue, extras, acc[m][v], channelAxis, at, countOf(v), output);
          storeElements(k, output, target0, at(output.strides), value, countOf(v));
        }
    };

    const runAt = (run: RowRun, begin: Index, end: Index): void => {
      const one = (t: Index): void => tileAt(t.mul(run.rows).add(run.first), run.rows, run.interior ? undefined : run.first);
      if (run.tiles === 1) one(new Index(0));
      else k.range(begin, end, { name: "tile" }, one);
    };
    for (const [i, run] of runs.entries()) {
      if (i === mainRun) {
        const begin = tileChunk.mul(tilesPerTask);
        const end = tileChunks * tilesPerTask === run.tiles ? begin.add(tilesPerTask) : k.minIndex(begin.add(tilesPerTask), run.tiles);
        runAt(run, begin, end);
      } else if (tileChunks === 1) runAt(run, new Index(0), new Index(run.tiles));
      // Tiles before the main run belong to the first chunk of a row, those behind it to the last.
      else
        k.ifNonNegative(i < mainRun ? tileChunk.mul(-1) : tileChunk.add(1 - tileChunks), () =>
          runAt(run, new Index(0), new Index(run.tiles)),
        );
    }
  };

  const firstRow = rowChunk.mul(rowsPerTask);
  if (rowsPerTask === 1) rowOf(firstRow);
  else
    k.range(
      firstRow,
      rowChunks * rowsPerTask === y.output ? firstRow.add(rowsPerTask) : k.minIndex(firstRow.add(rowsPerTask), y.output),
      { name: "oy" },
      rowOf,
    );

  return k.build({
    key: problemKey("convolution", { problem, segment }),
    tasks: batch * groups * rowChunks * tileChunks * blocks,
    flops: 2 * batch * groups * groupChannels * y.output * x.output * y.kernel * x.kernel * inputChannels,
  });
}

/** Copies of the reduction's body: enough to hide the loop, and no more, since code costs time to generate and to fetch. */
const unrollOf = (steps: number, multiplyAdds: number): number =>
  multiplyAdds >= 20 ? 1 : multiplyAdds >= 10 || steps % 4 !== 0 ? (steps % 2 === 0 ? 2 : 1) : 4;
