import { VintnerError } from "../../common/errors.ts";
import type { Backend, Engine, EngineOptions, Memory, Program, Step } from "../../kernel/engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { checkStepOperands } from "../../kernel/memory-array.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { checkThreads } from "../scheduler/check-threads.ts";
import { planStepTable, writeStepTable } from "../scheduler/step-table.ts";
import { availableWasmTargets, vectorFeatures } from "./features.ts";
import { emitKernel, kernelFunctionType } from "./kernel-emitter.ts";
import { installLibrary, KernelLibraries, type KernelUse, removeLibrary } from "./kernel-library.ts";
import { LinearBlock, LinearMemory } from "./linear-memory.ts";
import { ModuleBuilder } from "./module-builder.ts";
import { printFunction } from "./print-function.ts";
import { RunQueue, type StepRange } from "./run-queue.ts";
import { buildScheduler, poolWord, type SchedulerExports, schedulerOptions } from "./scheduler.ts";
import type { VectorFeatures } from "./vector-context.ts";
import { WasmProgram } from "./wasm-program.ts";
import { describeTarget, type WasmTargetName, wasmTargets } from "./wasm-targets.ts";
import { WorkerPool } from "./worker-pool.ts";

export { availableWasmTargets };

/**
 * Kernels as WebAssembly. With `threads` above 1 memory is shared and workers join each run; where the platform has no
 * shared memory the engine has one thread, and says so in `threads`. Throws DEVICE where the target is not available.
 */
export function createWasmEngine(target: WasmTargetName, options: EngineOptions): Engine {
  if (!availableWasmTargets().includes(target))
    throw new VintnerError("DEVICE", {
      what: `the target ${target} is not available here`,
      expected: availableWasmTargets().join(" or ") || "a WebAssembly engine with SIMD",
    });
  checkThreads(options.threads);
  return new WasmEngine(target, options.threads);
}

/** WebAssembly, wherever there is SIMD. */
export const wasmBackend: Backend = {
  name: "wasm",
  architecture: "wasm",
  targets: Object.keys(wasmTargets),
  mostRuns: 1,
  available: availableWasmTargets,
  createEngine: (target, options) => createWasmEngine(target as WasmTargetName, options),
};

/** Whether WebAssembly memory may be shared: in browsers, where the page is cross-origin isolated. */
const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" && !("crossOriginIsolated" in globalThis && !globalThis.crossOriginIsolated);

class WasmEngine implements Engine {
  readonly target: KernelTarget;
  readonly threads: number;
  readonly hasStableMemory = false;
  readonly #features: VectorFeatures;
  readonly #memory: LinearMemory;
  readonly #pool: WorkerPool | undefined;
  readonly #runs: RunQueue;
  readonly #libraries: KernelLibraries;

  constructor(name: WasmTargetName, threads: number) {
    this.#features = vectorFeatures(name);
    this.target = describeTarget(name, this.#features);
    this.threads = threads > 1 && canShareMemory() ? threads : 1;
    this.#memory = new LinearMemory(this.threads > 1);
    const { memory, limits } = this.#memory;
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    const imports = { env: { memory, table, finished: () => {} } };
    const scheduler = new WebAssembly.Module(buildScheduler(limits).encode());
    if (this.threads > 1) {
      this.#pool = new WorkerPool(memory, scheduler);
      new Int32Array(memory.buffer)[poolWord("wanted")] = this.threads;
    }
    const exports = new WebAssembly.Instance(scheduler, imports).exports as unknown as SchedulerExports;
    this.#runs = new RunQueue(memory, exports, this.#pool);
    this.#libraries = new KernelLibraries(this.target, this.#features, limits, {
      onAdd: (library) => {
        const { warm } = installLibrary(library, table, imports);
        this.#pool?.onAdd(library);
        warm();
      },
      onRemove: (library) => {
        removeLibrary(library, table);
        this.#pool?.onRemove(library);
      },
    });
  }

  get capacity(): number {
    return this.#memory.capacity;
  }

  allocate(byteLength: number): Memory {
    return this.#memory.allocate(byteLength);
  }

  program(steps: readonly Step[]): Program {
    this.#runs.check();
    const addresses = steps.map((step) => {
      checkStepOperands(step);
      return step.operands.map(({ memory, byteOffset }) => this.#addressOf(memory) + byteOffset);
    });
    const scratchStride = steps.reduce((most, { kernel }) => Math.max(most, kernel.scratchBytes), 0);
    const places = { word: schedulerOptions.word, threads: this.threads, scratchStride };
    const table = planStepTable(steps, places);
    const block = this.#memory.allocate(table.byteLength);
    let use: KernelUse | undefined;
    let scratch: LinearBlock | undefined;
    const release = (): void => {
      block.dispose();
      scratch?.dispose();
      if (!this.#runs.isDisposed) use?.release();
    };
    try {
      if (scratchStride > 0) scratch = this.#memory.allocate(this.threads * scratchStride);
      use = this.#libraries.use(steps.map((s) => s.kernel));
    } catch (error) {
      release();
      throw error;
    }
    for (let worker = 1; worker < this.threads; worker++) this.#pool?.ensure(worker);
    const words = new Int32Array(this.#memory.memory.buffer, block.offset, block.byteLength / 4);
    const { indexOf } = use;
    writeStepTable<number>(
      steps,
      table,
      places,
      {
        at: (offset) => block.offset + offset,
        kernel: (step) => indexOf(steps[step].kernel),
        operand: (step, operand) => addresses[step][operand],
        scratch: scratch?.offset ?? 0,
      },
      (offset, value) => (words[offset / 4] = value),
    );
    const range = (first: number, end: number): StepRange => {
      const at = (offset: number): number => block.offset + offset;
      const lastGroup = end - first < steps.length ? table.stepAt(first) : table.lastGroup;
      return [block.offset, at(table.stepAt(first)), at(table.stepAt(end)), at(lastGroup)];
    };
    return new WasmProgram(steps.length, {
      run: (first, end) => this.#runs.run(range(first, end)),
      runAsync: (first, end) => this.#runs.runAsync(range(first, end)),
      release: () => this.#runs.whenIdle(release),
    });
  }

  disassemble(kernel: Kernel): string {
    const m = new ModuleBuilder();
    m.addFunction(kernel.name, kernelFunctionType, (a) => emitKernel(kernel, this.#features, a));
    return printFunction(m.functions[0]);
  }

  dispose(): void {
    this.#runs.dispose();
  }

  #addressOf(memory: Memory): number {
    if (!(memory instanceof LinearBlock && memory.isOf(this.#memory)))
      throw new VintnerError("INTERNAL", { what: "an operand in another engine's memory" });
    return memory.offset;
  }
}
