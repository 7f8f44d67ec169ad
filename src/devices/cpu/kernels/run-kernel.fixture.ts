import { interpretKernel } from "../../../kernel/interpreter.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { targets, type KernelTarget } from "../../../kernel/target.ts";
import { verifyKernel } from "../../../kernel/verify-kernel.ts";

/** Shapes of machines for which kernels are generated in tests; the interpreter runs them all. */
export const testTargets: readonly KernelTarget[] = [targets["x64-avx512"], targets["x64-avx2"], targets["wasm-simd"]];

/** Verifies a kernel and runs all its tasks, in two calls as two threads would. */
export function runKernel(kernel: Kernel, arrays: readonly (Float32Array | Int32Array | Uint8Array)[]): void {
  verifyKernel(kernel);
  const run = interpretKernel(kernel, { fusedMultiplyAdd: true });
  const half = kernel.tasks >> 1;
  run(arrays, half, kernel.tasks);
  run(arrays, 0, half);
}

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
