import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { itemsPerTask } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { sliceView, type View } from "../../../lowering/view.ts";
import { storeElements, viewBuffer } from "./element-access.ts";
import { applyEpilogue, type Epilogue, epilogueBuffers } from "./epilogue.ts";
import { blockChannels, chooseSegments, type Segment } from "./tile.ts";

/**
 * A matrix product of bytes with constant i8: sums in i32, exact below 2^31, times a scale a column, as f32. Four steps of the
 * reduction are one instruction where the machine has a dot product of bytes.
 */
export interface IntegerProductProblem {
  /** u8 or i8 [rows, depth] with depth stride 1. Signed bytes are taken as u8 that are 128 larger. */
  readonly input: View;
  /** f32 [rows, columns] with column stride 1. */
  readonly output: View;
  /** What `isNarrow` says of the weights. */
  readonly narrow: boolean;
  /** Of the scaled sum and of views of the output's shape. */
  readonly epilogue?: Epilogue;
  readonly threads: number;
}

/**
 * One kernel of a product, for a run of columns: its operands are input, packed weights, what sums start from (i32, for signed bytes
 * only), scales (f32), output, extras.
 */
export interface IntegerProductPart {
  readonly kernel: Kernel;
  readonly segment: Segment;
}

/** Turns the sign of each of four bytes around. */
const signBits = 0x80808080 | 0;
/** Bytes that a lane's dot product takes. */
const group = 4;

export function integerProductKernels(problem: IntegerProductProblem, target: KernelTarget): IntegerProductPart[] {
  const [rows, depth] = problem.input.shape;
  // A dot product that is a sequence keeps a partial sum and a constant beside the tile.
  const tiled = target.dotU8I8 === "native" ? target : { ...target, reservedRegisters: target.reservedRegisters + 3 };
  const shape = { channels: problem.output.shape[1], height: 1, width: rows, depth: Math.ceil(depth / group) };
  return chooseSegments(shape, tiled).map((segment) => ({ kernel: segmentKernel(problem, segment, target), segment }));
}

/** Bytes of a segment's packed weights: [block][steps of four][column of the block][4]. */
export const packedIntegerLength = (depth: number, { tile, blocks }: Segment): number =>
  blocks * Math.ceil(depth / group) * blockChannels(tile) * group;

/** Packs weights [depth][columns], given by strides, into zeros. */
export function packIntegerWeights(
  to: Int8Array,
  { tile, blocks, firstChannel, channels }: Segment,
  weights: Int8Array,
  depth: number,
  [depthStride, columnStride]: readonly [number, number],
): void {
  const block = blockChannels(tile);
  const steps = Math.ceil(depth / group);
  for (let c = 0; c < Math.min(channels, blocks * block); c++) {
    const at = (Math.floor(c / block) * steps * block + (c % block)) * group;
    const from = (firstChannel + c) * columnStride;
    for (let d = 0; d < depth; d++) to[at + Math.floor(d / group) * block * group + (d % group)] = weights[from + d * depthStride];
  }
}

/** Whether any two neighbours' products with u8, added, fit 16 bits: then the cheaper sequence is exact. */
export function isNarrow(
  weights: Int8Array,
  depth: number,
  columns: number,
  [depthStride, columnStride]: readonly [number, number],
): boolean {
  for (let c = 0; c < columns; c++)
    for (let d = 0; d < depth; d += 2) {
      const a = weights[c * columnStride + d * depthStride];
      const b = d + 1 < depth ? weights[c * columnStride + (d + 1) * depthStride] : 0;
      const [least, most] = [Math.min(a, 0) + Math.min(b, 0), Math.max(a, 0) + Math.max(b, 0)];
      if (least * 255 < -32768 || most * 255 > 32767) return false;
    }
  return true;
}

/** Cuts the output's view, and what follows it, to a segment's columns. */
export const columnsOf = (view: View, { firstChannel, channels }: Segment): View => sliceView(view, 1, firstChannel, channels);

function segmentKernel(problem: IntegerProductProblem, segment: Segment, target: KernelTarget): Kernel {
  const { input, narrow, threads } = problem;
  const { tile, blocks, channels } = segment;
  const { lanes, vectors } = tile;
  const [rows, depth] = input.shape;
  const output = columnsOf(problem.output, segment);
  const epilogue = problem.epilogue && { ...problem.epilogue, inputs: problem.epilogue.inputs.map((v) => columnsOf(v, segment)) };
  const block = blockChannels(tile);
  const steps = Math.ceil(depth / group);
  const fullSteps = Math.floor(depth / group);
  const dot = narrow ? "dotU8I8Narrow" : "dotU8I8";
  const k = new KernelBuilder(`integer product ${rows}x${depth}x${channels}`, target);
  const source = viewBuffer(k, "input", input, "read");
  const weights = k.buffer("weights", "i8", packedIntegerLength(depth, segment), "read");
  const offsets = input.element === "i8" ? k.buffer("offsets", "i32", blocks * block, "read") : undefined;
  const scales = k.buffer("scales", "f32", blocks * block, "read");
  const result = viewBuffer(k, "output", output, "write");
  const extras = epilogueBuffers(k, epilogue);

  const tiles = Math.floor(rows / tile.rows);
  const tail = rows - tiles * tile.rows;
  const work = 2 * tile.rows * block * depth;
  const tilesPerTask = Math.max(1, itemsPerTask(tiles, work / group, 60_000, Math.ceil((threads * 6) / blocks)));
  const chunks = Math.max(1, Math.ceil(tiles / tilesPerTask));
  const [chunk, b] = k.splitTask(chunks, blocks);
  /** Only the last vector of the last block is cut, and then there is one block. */
  const countOf = (v: number): number => Math.min(lanes, blocks > 1 ? lanes : channels - v * lanes);
  const column = b.mul(block);

  const tileAt = (row: Index, height: number): void => {
    const zero = k.constant(0, { element: "i32", lanes });
    const first = k.each(vectors, (v) => (offsets ? k.load(offsets, column.add(v * lanes), { lanes }) : zero));
    const acc = k.accumulators(height, vectors, (_, v) => first[v], lanes);
    const weightBase = b.mul(steps * block * group);
    const inputBase = row.mul(input.strides[0]);
    const step = (at: Index, values: (m: number) => Register): void => {
      const w = k.each(vectors, (v) => k.load(weights, weightBase.add(at.mul(block * group)).add(v * lanes * group), { lanes, as: "i32" }));
      for (let m = 0; m < height; m++) {
        const bytes = values(m);
        const value = offsets ? k.compute("xor", [bytes, k.constant(signBits, { element: "i32", lanes })]) : bytes;
        for (let v = 0; v < vectors; v++) k.update(acc[m][v], dot, value, w[v], acc[m][v]);
      }
    };
    k.for(fullSteps, { unroll: height * vectors >= 12 ? 1 : 2, name: "d" }, (at) =>
      step(at, (m) => k.broadcast(source, inputBase.add(at.mul(group)).add(m * input.strides[0]), lanes, { as: "i32" })),
    );
    if (steps > fullSteps)
      step(new Index(fullSteps), (m) => restOf(inputBase.add(m * input.strides[0] + fullSteps * group), depth - fullSteps * group));
    for (let v = 0; v < vectors; v++) {
      const scale = k.load(scales, column.add(v * lanes), { lanes });
      for (let m = 0; m < height; m++) {
        const at = ([rowStride, columnStride]: readonly number[]): Index =>
          row
            .add(m)
            .mul(rowStride)
            .add(column.add(v * lanes).mul(columnStride));
        const scaled = k.mul(k.compute("toF32", [acc[m][v]]), scale);
        const value = applyEpilogue(k, epilogue, extras, scaled, 1, at, countOf(v), output);
        storeElements(k, output, result, at(output.strides), value, countOf(v));
      }
    }
  };
  /** The last bytes of a row, fewer than four, in each lane: what follows them may not be read. */
  const restOf = (at: Index, count: number): Register =>
    k
      .each(count, (i) => {
        const byte = k.broadcast(source, at.add(i), lanes, { as: "u8" });
        return i === 0 ? byte : k.compute("shiftLeft", [byte], 8 * i);
      })
      .reduce((a, c) => k.compute("or", [a, c]));

  if (tiles > 0) {
    const begin = chunk.mul(tilesPerTask);
    const end = chunks * tilesPerTask === tiles ? begin.add(tilesPerTask) : k.minIndex(begin.add(tilesPerTask), tiles);
    k.range(begin, end, { name: "tile" }, (t) => tileAt(t.mul(tile.rows), tile.rows));
  }
  if (tail > 0) {
    const last = (): void => tileAt(new Index(tiles * tile.rows), tail);
    if (chunks === 1) last();
    else k.ifNonNegative(chunk.add(1 - chunks), last);
  }
  return k.build({
    key: problemKey("integer product", { problem, segment }),
    tasks: chunks * blocks,
    flops: 2 * rows * depth * channels,
  });
}
