import { type KernelTarget, vectorCosts } from "../../../kernel/target.ts";

/** A register tile: `rows` output pixels by `vectors` vectors of output channels. */
export interface Tile {
  readonly lanes: number;
  readonly rows: number;
  readonly vectors: number;
}

/** A run of output channels computed with one tile: `blocks` blocks of vectors * lanes channels, the last vector of the last block cut to `lastCount`. */
export interface Segment {
  readonly tile: Tile;
  readonly firstChannel: number;
  readonly channels: number;
  readonly blocks: number;
}

export const blockChannels = (tile: Tile): number => tile.vectors * tile.lanes;

/** Cycles of one step of the reduction (one input channel at one tap) for a tile: multiply-adds, loads, and the latency of a chain. */
function cyclesOfStep({ lanes, rows, vectors }: Tile, target: KernelTarget): number {
  const cost = vectorCosts(target, lanes);
  const { multiplyAddLatency, step } = target.costs;
  return Math.max(rows * vectors * cost.multiplyAdd, vectors * cost.load + rows * cost.broadcast, multiplyAddLatency) + step;
}

/** Most rows that fit the registers beside one weight vector a column and one broadcast. */
function mostRows(vectors: number, target: KernelTarget): number {
  const free = target.vectorRegisters - target.reservedRegisters - vectors;
  if (target.loadsAhead) return Math.floor(free / (vectors + 1));
  const broadcasts = target.embeddedBroadcast && vectors === 1 ? 0 : 1;
  return Math.floor((free - broadcasts) / vectors);
}

export interface TileProblem {
  /** Output channels of a group. */
  readonly channels: number;
  /** Output rows of pixels, and pixels in a row. */
  readonly height: number;
  readonly width: number;
  /** Steps of the reduction: taps times input channels. */
  readonly depth: number;
}

/** Splits the output channels into segments and chooses their tiles by a cost model of the target. */
export function chooseSegments(problem: TileProblem, target: KernelTarget): Segment[] {
  let best: { cost: number; segments: Segment[] } | undefined;
  const laneChoices = [target.lanes, target.lanes / 2].filter((l) => l >= 4);
  for (const lanes of laneChoices)
    for (let vectors = 1; vectors <= 6; vectors++) {
      if (mostRows(vectors, target) < 1 || (vectors > 1 && (vectors - 1) * lanes >= problem.channels)) continue;
      const segments: Segment[] = [];
      const block = vectors * lanes;
      const blocks = Math.floor(problem.channels / block);
      if (blocks > 0)
        segments.push({ tile: chooseRows(lanes, vectors, problem, target), firstChannel: 0, channels: blocks * block, blocks });
      const rest = problem.channels - blocks * block;
      if (rest > 0) segments.push(restSegment(blocks * block, rest, lanes, problem, target));
      const cost = segments.reduce((sum, s) => sum + costOfSegment(s, problem, target), 0);
      if (best === undefined || cost < best.cost) best = { cost, segments };
    }
  return (best as { segments: Segment[] }).segments;
}

/** Channels that do not fill a block: one block of narrower or fewer vectors. */
function restSegment(firstChannel: number, channels: number, most: number, problem: TileProblem, target: KernelTarget): Segment {
  let lanes = most;
  while (lanes > 4 && channels <= lanes / 2) lanes /= 2;
  return { tile: chooseRows(lanes, Math.ceil(channels / lanes), problem, target), firstChannel, channels, blocks: 1 };
}

/** Rows by the cost per pixel, the tail of each row included. */
function chooseRows(lanes: number, vectors: number, problem: TileProblem, target: KernelTarget): Tile {
  let best: { cost: number; tile: Tile } | undefined;
  for (let rows = Math.min(mostRows(vectors, target), problem.width); rows >= 1; rows--) {
    const tile = { lanes, rows, vectors };
    const cost = costOfRow(tile, problem, target);
    if (best === undefined || cost < best.cost) best = { cost, tile };
  }
  return (best as { tile: Tile }).tile;
}

/** A tail needs code of its own: whole tiles are worth one part in a hundred. */
const tailPenalty = 1.01;

function costOfRow(tile: Tile, { width, depth }: TileProblem, target: KernelTarget): number {
  const perTile = (rows: number): number => depth * cyclesOfStep({ ...tile, rows }, target) + rows * tile.vectors * 2 + 12;
  const tail = width % tile.rows;
  const whole = Math.floor(width / tile.rows) * perTile(tile.rows);
  return tail > 0 ? (whole + perTile(tail)) * tailPenalty : whole;
}

function costOfSegment({ tile, blocks }: Segment, problem: TileProblem, target: KernelTarget): number {
  return blocks * problem.height * costOfRow(tile, problem, target);
}
