import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { randomKernel, randomKernelInputs } from "../../../test/support/random-kernel.ts";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import { printKernel } from "../../kernel/print-kernel.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { verifyKernel } from "../../kernel/verify-kernel.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";

describe.skipIf(availableX64Targets().length === 0).each(availableX64Targets())("%s", (name) => {
  const engine = createX64Engine(name, { threads: 1 });
  const interpreter = new InterpreterEngine(targets[name]);
  afterAll(() => engine.dispose());

  it("gives what the interpreter gives, for random kernels", () => {
    let unique = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 40, maxLength: 400 }), (tape) => {
        const kernel = randomKernel(targets[name], tape, `random ${unique++}`);
        verifyKernel(kernel, targets[name]);
        const expected = runKernel(interpreter, kernel, randomKernelInputs());
        const got = runKernel(engine, kernel, randomKernelInputs());
        for (const [i, buffer] of kernel.buffers.entries())
          expect(got[i], `${buffer.name} of\n${printKernel(kernel)}${engine.disassemble(kernel)}`).toEqual(expected[i]);
      }),
      { numRuns: 150, seed: 4, endOnFailure: false },
    );
  });
});

it.skipIf(availableX64Targets().length > 0)("needs koffi and a processor with AVX2: random kernels", () => {});
