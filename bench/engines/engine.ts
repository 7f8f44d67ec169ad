import type { BenchCase } from "../cases.ts";

/** A network ready to run on one engine: `run` is one inference on inputs that were set before. */
export interface Prepared {
  readonly run: () => void | Promise<unknown>;
}

export interface BenchEngine {
  readonly name: string;
  readonly prepare: (benchCase: BenchCase, threads: number) => Promise<Prepared>;
}

/** Seeded numbers that every engine in JavaScript gets. */
export function seededInput(length: number): Float32Array {
  let state = 12345;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
