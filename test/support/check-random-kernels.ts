import fc from "fast-check";
import { expect } from "vitest";
import type { Engine } from "../../src/kernel/engine.ts";
import { InterpreterEngine } from "../../src/kernel/interpreter-engine.ts";
import { bfloat16ToNumber } from "../../src/common/bfloat16.ts";
import { float16ToNumber } from "../../src/common/float16.ts";
import type { KernelBuffer } from "../../src/kernel/kernel.ts";
import type { MemoryArray } from "../../src/kernel/memory-array.ts";
import { printKernel } from "../../src/kernel/print-kernel.ts";
import { verifyKernel } from "../../src/kernel/verify-kernel.ts";
import { type KernelForms, randomKernel, randomKernelInputs } from "./random-kernel.ts";
import { runKernel } from "./run-kernel.ts";

/** Numbers as they are; those of 16 bits widened, for all NaN are alike. */
const seen = ({ element }: KernelBuffer, array: MemoryArray): ArrayLike<number> =>
  element === "f16" ? Array.from(array, float16ToNumber) : element === "bf16" ? Array.from(array, bfloat16ToNumber) : array;

let unique = 0;
/** About as many engines as the tests make: each has its share of the time for fresh kernels. */
const enginesTested = 10;

/**
 * Draws kernels and compares what an engine computes with what the interpreter does. The seed is fixed; where the
 * environment has VINTNER_FRESH_SEEDS (seconds, for all engines together), a fresh one is drawn and printed as well.
 */
export function checkRandomKernels(
  engine: Engine,
  { runs, seed, forms = "all" }: { runs: number; seed: number; forms?: KernelForms },
): void {
  const interpreter = new InterpreterEngine(engine.target);
  const property = fc.property(fc.array(fc.nat(0xffff), { minLength: 40, maxLength: 400, size: "max" }), (tape) => {
    const kernel = randomKernel(engine.target, tape, `random ${unique++}`, forms);
    verifyKernel(kernel, engine.target);
    const expected = runKernel(interpreter, kernel, randomKernelInputs());
    const got = runKernel(engine, kernel, randomKernelInputs());
    for (const [i, buffer] of kernel.buffers.entries())
      expect(seen(buffer, got[i]), `${buffer.name} of\n${printKernel(kernel)}${engine.disassemble(kernel)}`).toEqual(
        seen(buffer, expected[i]),
      );
  });
  fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
  const fresh = Number(process.env["VINTNER_FRESH_SEEDS"] ?? 0);
  if (fresh === 0) return;
  const drawn = Date.now() & 0x7fffffff;
  console.log(`random kernels on ${engine.target.name} of seed ${drawn}`);
  fc.assert(property, {
    numRuns: 1_000_000,
    interruptAfterTimeLimit: (fresh * 1000) / enginesTested,
    markInterruptAsFailure: false,
    seed: drawn,
    endOnFailure: true,
  });
}
