import type { Point } from "./quadrilateral.ts";

/** A maximal horizontal run of set pixels: row, first and last column. */
interface Run {
  readonly y: number;
  readonly from: number;
  readonly to: number;
  readonly index: number;
}

/**
 * Regions of set pixels that touch, corners included. Each is given by the two ends of its runs in every row: all points
 * that its convex hull can have. Rows are scanned once; runs that touch those of the row above are united.
 */
export function connectedComponents(mask: Uint8Array, width: number, height: number): Point[][] {
  const runs: Run[] = [];
  const parent: number[] = [];
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  let above: Run[] = [];
  for (let y = 0; y < height; y++) {
    const row = runsOf(mask, y, width, runs.length);
    let first = 0;
    for (const run of row) {
      runs.push(run);
      parent.push(run.index);
      while (first < above.length && above[first].to < run.from - 1) first++;
      for (let i = first; i < above.length && above[i].from <= run.to + 1; i++) parent[root(run.index)] = root(above[i].index);
    }
    above = row;
  }
  const regions = new Map<number, Point[]>();
  for (const { y, from, to, index } of runs) {
    const key = root(index);
    let points = regions.get(key);
    if (!points) regions.set(key, (points = []));
    points.push([from, y], [to, y]);
  }
  return [...regions.values()];
}

function runsOf(mask: Uint8Array, y: number, width: number, index: number): Run[] {
  const row: Run[] = [];
  const start = y * width;
  for (let x = 0; x < width; x++) {
    if (!mask[start + x]) continue;
    const from = x;
    while (x + 1 < width && mask[start + x + 1]) x++;
    row.push({ y, from, to: x, index: index + row.length });
  }
  return row;
}
