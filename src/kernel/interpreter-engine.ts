import { nextTurn } from "#platform/event-loop";
import { memoryLimit } from "#platform/memory";
import { allocateArray } from "../tensor/allocate-array.ts";
import type { Backend, Engine, Memory, Program, Step } from "./engine.ts";
import { type InterpretedKernel, interpretKernel } from "./interpreter.ts";
import type { Kernel } from "./kernel.ts";
import { requireProof } from "./kernel-proof.ts";
import { checkStepOperands, type MemoryArray, memoryArray } from "./memory-array.ts";
import { printKernel } from "./print-kernel.ts";
import { interpreterTarget, type KernelTarget } from "./target.ts";

/** Milliseconds for which `runAsync` holds the event loop at a time, unless one task takes longer. */
const sliceMilliseconds = 10;

class ArrayMemory implements Memory {
  #bytes: Uint8Array;

  constructor(byteLength: number) {
    this.#bytes = allocateArray(Uint8Array, byteLength);
  }
  get byteLength(): number {
    return this.#bytes.byteLength;
  }
  bytes(): Uint8Array {
    return this.#bytes;
  }
  dispose(): void {
    this.#bytes = new Uint8Array(0);
  }
}

interface BoundStep {
  readonly kernel: Kernel;
  readonly run: InterpretedKernel;
  readonly arrays: readonly MemoryArray[];
}

class InterpretedProgram implements Program {
  readonly #steps: readonly BoundStep[];

  constructor(steps: readonly BoundStep[]) {
    this.#steps = steps;
  }

  run(): void {
    for (const { kernel, run, arrays } of this.#steps) run(arrays, 0, kernel.tasks);
  }

  /** Interprets in slices of about ten milliseconds and lets the event loop turn between them. */
  async runAsync(): Promise<void> {
    let start = performance.now();
    for (const { kernel, run, arrays } of this.#steps)
      for (let task = 0; task < kernel.tasks; task++) {
        if (performance.now() - start > sliceMilliseconds) {
          await nextTurn();
          start = performance.now();
        }
        run(arrays, task, task + 1);
      }
  }

  runProfiled(): Float64Array {
    return Float64Array.from(this.#steps, ({ kernel, run, arrays }) => {
      const start = performance.now();
      run(arrays, 0, kernel.tasks);
      return (performance.now() - start) * 1000;
    });
  }

  dispose(): void {}
}

/** Runs kernels in the interpreter, on one thread: slow, every access checked. */
export class InterpreterEngine implements Engine {
  readonly target: KernelTarget;
  readonly threads = 1;
  readonly hasStableMemory = false;
  readonly capacity: number = memoryLimit();
  readonly #kernels = new Map<string, InterpretedKernel>();

  /** `target` may be another one: kernels written for it are then interpreted as they would run there. */
  constructor(target: KernelTarget = interpreterTarget) {
    this.target = target;
  }

  allocate(byteLength: number): Memory {
    return new ArrayMemory(byteLength);
  }

  program(steps: readonly Step[]): Program {
    return new InterpretedProgram(
      steps.map((step) => {
        checkStepOperands(step);
        const { kernel, operands } = step;
        const arrays = kernel.buffers.map((b, i) => memoryArray(b.element, operands[i].memory.bytes(), operands[i].byteOffset, b.length));
        return { kernel, run: this.#interpreted(kernel), arrays };
      }),
    );
  }

  /** The kernel itself: it is what runs. */
  disassemble(kernel: Kernel): string {
    return printKernel(kernel);
  }

  dispose(): void {
    this.#kernels.clear();
  }

  #interpreted(kernel: Kernel): InterpretedKernel {
    let interpreted = this.#kernels.get(kernel.key);
    if (!interpreted) {
      requireProof(kernel, this.target);
      interpreted = interpretKernel(kernel, this.target);
      this.#kernels.set(kernel.key, interpreted);
    }
    return interpreted;
  }
}

export const interpreterBackend: Backend = {
  name: "interpreter",
  architecture: "interpreter",
  targets: [interpreterTarget.name],
  mostRuns: 1,
  available: () => [interpreterTarget.name],
  createEngine: () => new InterpreterEngine(),
};
