import { type Index, KernelBuilder } from "../../../kernel/builder.ts";
import { type Kernel, memoryElementBytes, largestScratch, type Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { problemKey } from "../../../lowering/problem-key.ts";

/**
 * A 3x3 convolution of stride 1 and padding 1 by minimal filtering, F(4x4, 3x3) (Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2015): tiles of 4x4 outputs from 6x6 inputs take 36 products a channel instead of 144. All
 * of it is one kernel: inputs and products of a few rows of tiles stay in the thread's scratch memory, in its cache.
 */
export interface WinogradProblem {
  readonly height: number;
  readonly width: number;
  /** Multiples of the target's lanes. Input [height][width][channels], output [height][width][outputs]. */
  readonly channels: number;
  readonly outputs: number;
}

const points = 36;

interface WinogradPlan {
  readonly tilesX: number;
  readonly tilesY: number;
  /** Rows of tiles of a task. */
  readonly rows: number;
  readonly tiles: number;
  /** Output channels that are summed at a time. */
  readonly vectors: number;
  readonly block: number;
}

export function planWinograd({ height, width, channels, outputs }: WinogradProblem, target: KernelTarget): WinogradPlan | undefined {
  const { lanes } = target;
  if (channels % lanes !== 0 || outputs % lanes !== 0) return undefined;
  const [tilesX, tilesY] = [Math.ceil(width / 4), Math.ceil(height / 4)];
  const all = outputs / lanes;
  let vectors = target.vectorRegisters >= 32 ? 4 : 2;
  // All rows of a register tile read the same weights of a point: best from the first level of cache.
  while (all % vectors !== 0 || (vectors > 1 && vectors * lanes * channels * memoryElementBytes.f32 > target.cache.l1)) vectors /= 2;
  const block = vectors * lanes;
  // Enough tiles that the weights are worth reading, as long as their numbers have room.
  const bytesOf = (rows: number): number =>
    memoryElementBytes.f32 * (6 * (4 * tilesX + 2) * channels + points * rows * tilesX * (channels + block));
  let rows = 1;
  while (rows < tilesY && rows * tilesX < 12 && bytesOf(rows + 1) <= largestScratch - 4096) rows++;
  return bytesOf(rows) > largestScratch - 4096 ? undefined : { tilesX, tilesY, rows, tiles: rows * tilesX, vectors, block };
}

const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];

/** Weights [output][channel][3][3] transformed, in the order of use: [block of outputs][point][channel][output of the block]. */
export function packWinogradWeights({ channels, outputs }: WinogradProblem, block: number, weights: Float32Array): Float32Array {
  const packed = new Float32Array(points * channels * outputs);
  const half = new Float64Array(18);
  for (let o = 0; o < outputs; o++)
    for (let c = 0; c < channels; c++) {
      const at = (o * channels + c) * 9;
      for (let i = 0; i < 6; i++)
        for (let x = 0; x < 3; x++)
          half[i * 3 + x] = G[i][0] * weights[at + x] + G[i][1] * weights[at + 3 + x] + G[i][2] * weights[at + 6 + x];
      for (let i = 0; i < 6; i++)
        for (let j = 0; j < 6; j++) {
          const value = half[i * 3] * G[j][0] + half[i * 3 + 1] * G[j][1] + half[i * 3 + 2] * G[j][2];
          packed[((Math.floor(o / block) * points + i * 6 + j) * channels + c) * block + (o % block)] = value;
        }
    }
  return packed;
}

/** Six inputs to six points, along one dimension. */
function transformInput(k: KernelBuilder, [d0, d1, d2, d3, d4, d5]: readonly Register[]): Register[] {
  const n = (v: number): Register => k.constant(v);
  const even = k.fma(d2, n(-4), d4);
  const odd = k.fma(d1, n(-4), d3);
  const evenHalf = k.sub(d4, d2);
  const oddHalf = k.mul(k.sub(d3, d1), n(2));
  return [
    k.fma(d0, n(4), k.fma(d2, n(-5), d4)),
    k.add(even, odd),
    k.sub(even, odd),
    k.add(evenHalf, oddHalf),
    k.sub(evenHalf, oddHalf),
    k.fma(d1, n(4), k.fma(d3, n(-5), d5)),
  ];
}

/** Six points to four outputs, along one dimension. */
function transformOutput(k: KernelBuilder, [m0, m1, m2, m3, m4, m5]: readonly Register[]): Register[] {
  const n = (v: number): Register => k.constant(v);
  const [plus12, minus12, plus34, minus34] = [k.add(m1, m2), k.sub(m1, m2), k.add(m3, m4), k.sub(m3, m4)];
  return [
    k.add(k.add(m0, plus12), plus34),
    k.fma(minus34, n(2), minus12),
    k.fma(plus34, n(4), plus12),
    k.add(k.fma(minus34, n(8), minus12), m5),
  ];
}

/** Applies a transform of one dimension to the columns, then to the rows of a square of registers: [row][column]. */
function onBothSides(square: readonly (readonly Register[])[], transform: (line: readonly Register[]) => Register[]): Register[][] {
  const columns = square[0].map((_, x) => transform(square.map((row) => row[x])));
  return columns[0].map((_, y) => transform(columns.map((column) => column[y])));
}

/** Buffers: input, packed weights, bias, output. */
export function winogradKernel(problem: WinogradProblem, plan: WinogradPlan, target: KernelTarget): Kernel {
  const { height, width, channels, outputs } = problem;
  const { tilesX, tilesY, rows, tiles, vectors, block } = plan;
  const k = new KernelBuilder(`winograd 3x3 ${channels}->${outputs} ${height}x${width}`, target);
  const { lanes } = k;
  const input = k.buffer("input", "f32", height * width * channels, "read");
  const weights = k.buffer("weights", "f32", points * channels * outputs, "read");
  const bias = k.buffer("bias", "f32", outputs, "read");
  const output = k.buffer("output", "f32", height * width * outputs, "write");
  const paddedWidth = 4 * tilesX + 2;
  const strip = k.buffer("strip", "f32", 6 * paddedWidth * channels, "scratch");
  const transformed = k.buffer("transformed", "f32", points * tiles * channels, "scratch");
  const sums = k.buffer("sums", "f32", points * tiles * block, "scratch");
  const zero = k.constant(0);
  const vectorsOf = (count: number, body: (at: Index) => void): void => k.for(count / lanes, { unroll: 2 }, (i) => body(i.mul(lanes)));
  const firstRow = k.task.mul(rows);

  // The inputs of a row of tiles, with zeros around them, then their 36 points for each tile and channel.
  const zeros = (at: Index, count: number): void => {
    if (count > 0) vectorsOf(count * channels, (i) => k.store(strip, at.add(i), zero));
  };
  k.for(rows, { name: "row" }, (row) => {
    k.for(6, { name: "y" }, (y) => {
      const iy = firstRow.add(row).mul(4).add(y).add(-1);
      const to = y.mul(paddedWidth * channels);
      zeros(to, 1);
      zeros(to.add((width + 1) * channels), paddedWidth - width - 1);
      k.ifNonNegative(
        k.minIndex(iy, iy.mul(-1).add(height - 1)),
        () => vectorsOf(width * channels, (i) => k.store(strip, to.add(channels).add(i), k.load(input, iy.mul(width * channels).add(i)))),
        () => zeros(to.add(channels), width),
      );
    });
    k.for(tilesX, { name: "tile" }, (tile) =>
      k.for(channels / lanes, { name: "c" }, (i) => {
        const c = i.mul(lanes);
        const square = k.each(6, (y) =>
          k.each(6, (x) =>
            k.load(
              strip,
              tile
                .mul(4)
                .add(y * paddedWidth + x)
                .mul(channels)
                .add(c),
            ),
          ),
        );
        const at = row.mul(tilesX).add(tile).mul(channels).add(c);
        for (const [y, line] of onBothSides(square, (d) => transformInput(k, d)).entries())
          for (const [x, value] of line.entries()) k.store(transformed, at.add((y * 6 + x) * tiles * channels), value);
      }),
    );
  });

  // Tiles are shared out evenly to register tiles.
  const most = Math.floor((target.vectorRegisters - target.reservedRegisters - vectors - 1) / vectors);
  const groups = Math.ceil(tiles / most);
  k.for(outputs / block, { name: "block" }, (part) => {
    k.for(points, { name: "point" }, (point) => {
      const weightAt = part
        .mul(points)
        .add(point)
        .mul(channels * block);
      for (let group = 0, first = 0; group < groups; group++) {
        const count = Math.floor((tiles * (group + 1)) / groups) - first;
        const acc = k.accumulators(count, vectors, () => zero);
        const from = point.mul(tiles).add(first);
        k.for(channels, { name: "c", unroll: 2 }, (c) => {
          const w = k.each(vectors, (v) => k.load(weights, weightAt.add(c.mul(block)).add(v * lanes)));
          for (let m = 0; m < count; m++) {
            const value = k.broadcast(transformed, from.add(m).mul(channels).add(c));
            for (const [v, weight] of w.entries()) k.accumulate(acc[m][v], value, weight);
          }
        });
        for (const [m, line] of acc.entries())
          for (const [v, sum] of line.entries())
            k.store(
              sums,
              from
                .add(m)
                .mul(block)
                .add(v * lanes),
              sum,
            );
        first += count;
      }
    });
    k.for(rows, { name: "row" }, (row) =>
      k.for(tilesX, { name: "tile" }, (tile) => {
        const tileRow = firstRow.add(row);
        k.for(vectors, { name: "v" }, (v) => {
          const from = row.mul(tilesX).add(tile).mul(block).add(v.mul(lanes));
          const square = k.each(6, (y) => k.each(6, (x) => k.load(sums, from.add((y * 6 + x) * tiles * block))));
          const channel = part.mul(block).add(v.mul(lanes));
          const start = k.load(bias, channel);
          const results = onBothSides(square, (m) => transformOutput(k, m));
          for (const [y, line] of results.entries())
            for (const [x, value] of line.entries()) {
              const [oy, ox] = [tileRow.mul(4).add(y), tile.mul(4).add(x)];
              const store = (): void => k.store(output, oy.mul(width).add(ox).mul(outputs).add(channel), k.add(value, start));
              const inX = (): void => (width % 4 === 0 ? store() : k.ifNonNegative(ox.mul(-1).add(width - 1), store));
              if (height % 4 === 0 && tilesY % rows === 0) inX();
              else k.ifNonNegative(oy.mul(-1).add(height - 1), inX);
            }
        });
      }),
    );
  });
  return k.build({
    key: problemKey("winograd", { problem, plan }),
    tasks: Math.ceil(tilesY / rows),
    flops: 2 * 9 * height * width * channels * outputs,
  });
}
