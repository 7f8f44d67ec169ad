import type { View } from "./view.ts";

/** A loop over one or several merged dimensions, with each operand's stride. */
export interface NestLoop {
  readonly count: number;
  readonly strides: readonly number[];
}

/**
 * Loops that visit all elements of views of one shape, outermost first, as few as the strides allow: dimensions are
 * sorted by the first view's strides (the output), those of length 1 dropped, and neighbours merged.
 */
export function loopNest(views: readonly Pick<View, "shape" | "strides">[]): NestLoop[] {
  const [first] = views;
  const dimensions = first.shape.map((_, i) => i).filter((i) => first.shape[i] !== 1);
  dimensions.sort((a, b) => first.strides[b] - first.strides[a] || a - b);
  const loops: { count: number; strides: number[] }[] = [];
  for (const d of dimensions) {
    const strides = views.map((v) => v.strides[d]);
    const last = loops.at(-1);
    if (last && last.strides.every((s, i) => s === strides[i] * first.shape[d])) {
      last.count *= first.shape[d];
      last.strides = strides;
    } else loops.push({ count: first.shape[d], strides });
  }
  return loops.length === 0 ? [{ count: 1, strides: views.map(() => 0) }] : loops;
}

/** How many of `items` make one task, so that threads share evenly and a task is worth handing out. */
export function itemsPerTask(items: number, workPerItem: number, leastWork: number, mostTasks: number): number {
  const byWork = Math.ceil(leastWork / Math.max(1, workPerItem));
  const byTasks = Math.ceil(items / mostTasks);
  return Math.max(1, Math.min(items, Math.max(byWork, byTasks)));
}
