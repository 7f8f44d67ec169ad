import { type LoweredStep, viewsOf } from "./lowered-step.ts";
import type { Block, View } from "./view.ts";

/** Where the blocks of a program's arena lie: byte offsets, and the arena's size. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<Block, number>;
  readonly byteLength: number;
  /** First and last step that touch a block; -1 and Infinity for inputs and outputs of the program. */
  readonly lifetimes: ReadonlyMap<Block, { readonly first: number; readonly last: number }>;
}

const alignment = 64;
const align = (n: number): number => Math.ceil(n / alignment) * alignment;

/** Gives blocks that live at the same time different memory: largest first, each at the lowest offset that is free during its life. */
export function planMemory(steps: readonly LoweredStep[], pinned: readonly View[]): MemoryPlan {
  const lifetimes = new Map<Block, { first: number; last: number }>();
  const touch = (view: View, step: number): void => {
    if (view.block.kind !== "arena") return;
    const known = lifetimes.get(view.block);
    if (known === undefined) lifetimes.set(view.block, { first: step, last: step });
    else known.last = Math.max(known.last, step);
  };
  for (const [i, step] of steps.entries()) for (const view of viewsOf(step)) touch(view, i);
  // Inputs and outputs keep their place for the whole run, so that users may hold their memory between runs.
  for (const view of pinned) if (view.block.kind === "arena") lifetimes.set(view.block, { first: -1, last: Number.POSITIVE_INFINITY });

  const placed: { readonly begin: number; readonly end: number; readonly first: number; readonly last: number }[] = [];
  const offsets = new Map<Block, number>();
  let byteLength = 0;
  for (const [block, life] of [...lifetimes].toSorted((a, b) => b[0].byteLength - a[0].byteLength || a[0].id - b[0].id)) {
    const size = align(block.byteLength);
    let begin = 0;
    for (const other of placed) {
      if (other.last < life.first || other.first > life.last) continue;
      if (other.begin >= begin + size) break;
      begin = Math.max(begin, other.end);
    }
    offsets.set(block, begin);
    byteLength = Math.max(byteLength, begin + size);
    const at = placed.findIndex((p) => p.begin > begin);
    placed.splice(at < 0 ? placed.length : at, 0, { begin, end: begin + size, ...life });
  }
  return { offsets, byteLength, lifetimes };
}
