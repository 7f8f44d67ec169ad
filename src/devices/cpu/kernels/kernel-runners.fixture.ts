import { afterAll } from "vitest";
import { runKernel } from "../../../../test/support/run-kernel.ts";
import type { Engine } from "../../../kernel/engine.ts";
import { interpretKernel } from "../../../kernel/interpreter.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { targets, type TargetName } from "../../../kernel/targets.fixture.ts";
import { verifyKernel } from "../../../kernel/verify-kernel.ts";
import { availableTargets, createEngine } from "../target-selection.ts";

type Arrays = readonly (Float32Array | Int32Array | Uint8Array | Int8Array)[];

/** Something that runs kernels written for a target. */
export interface KernelRunner {
  readonly name: string;
  readonly target: KernelTarget;
  /** Runs all tasks on arrays, one for each buffer, in place. */
  run(kernel: Kernel, arrays: Arrays): void;
}

/** Verifies a kernel and interprets it as the target would run it, in two calls as two threads would. */
const interpreted = (name: TargetName): KernelRunner => ({
  name: `${name} in the interpreter`,
  target: targets[name],
  run: (kernel, arrays) => {
    verifyKernel(kernel);
    const run = interpretKernel(kernel, { fusedMultiplyAdd: true });
    const half = kernel.tasks >> 1;
    run(arrays, half, kernel.tasks);
    run(arrays, 0, half);
  },
});

function emitted(name: string, threads: number): KernelRunner {
  let made: Engine | undefined;
  const engine = (): Engine => (made ??= createEngine(name, threads));
  afterAll(() => made?.dispose());
  return {
    name: `${name} on ${threads === 1 ? "one thread" : `${threads} threads`}`,
    get target() {
      return engine().target;
    },
    run: (kernel, arrays) => {
      const fitting = kernel.buffers.map((b, i) => arrays[i].subarray(0, b.length));
      const results = runKernel(engine(), kernel, fitting);
      for (const [i, result] of results.entries()) if (kernel.buffers[i].access !== "read") fitting[i].set(result as never);
    },
  };
}

/** Kernels for three machines in the interpreter, and emitted for each target that this machine has. */
export const kernelRunners: readonly KernelRunner[] = [
  ...(["x64-avx512", "x64-avx2", "wasm-simd"] as const).map(interpreted),
  ...availableTargets()
    .filter((name) => name !== "interpreter")
    .flatMap((name) => [1, 2].map((threads) => emitted(name, threads))),
];

/** Numbers in [-1, 1), the same for the same seed. */
export function seededFloats(length: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= most)) most = d;
  }
  return most;
}
