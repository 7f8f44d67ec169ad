import { nextTurn } from "#platform/event-loop";
import { threadMayWait } from "#platform/workers";
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
import { buildScheduler, poolAddress, poolWord, type SchedulerExports, schedulerOptions } from "./scheduler.ts";
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

/** Ends the workers of engines that nobody holds any more. */
const abandoned = new FinalizationRegistry<WorkerPool>((pool) => pool.dispose());

/** Whether WebAssembly memory may be shared: in browsers, where the page is cross-origin isolated. */
const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" && !("crossOriginIsolated" in globalThis && !globalThis.crossOriginIsolated);

/** What the scheduler is told of some steps: the program, the first, the end, and the last group. */
type StepRange = readonly [program: number, first: number, end: number, lastGroup: number];

class WasmEngine implements Engine {
  readonly target: KernelTarget;
  readonly threads: number;
  readonly hasStableMemory = false;
  readonly #features: VectorFeatures;
  readonly #memory: LinearMemory;
  readonly #scheduler: SchedulerExports;
  readonly #pool: WorkerPool | undefined;
  readonly #libraries: KernelLibraries;
  /** Ends the asynchronous run that is going on, with an error or without. */
  #finish: ((failure?: VintnerError) => void) | undefined;
  /** Why nothing runs any more: a kernel has trapped. */
  #failure: VintnerError | undefined;
  /** The end of the last asynchronous run that was asked for. */
  #lastRun: Promise<void> = Promise.resolve();
  #asynchronousRuns = 0;
  #disposed = false;

  constructor(name: WasmTargetName, threads: number) {
    this.#features = vectorFeatures(name);
    this.target = describeTarget(name, this.#features);
    this.threads = threads > 1 && canShareMemory() ? threads : 1;
    this.#memory = new LinearMemory(this.threads > 1);
    const { memory, limits } = this.#memory;
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    const imports = { env: { memory, table, finished: () => {} } };
    const scheduler = new WebAssembly.Module(buildScheduler(limits).encode());
    this.#scheduler = new WebAssembly.Instance(scheduler, imports).exports as unknown as SchedulerExports;
    if (this.threads > 1) {
      this.#pool = new WorkerPool(memory, scheduler);
      abandoned.register(this, this.#pool, this.#pool);
      new Int32Array(memory.buffer)[poolWord("wanted")] = this.threads;
    }
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
    if (this.#disposed) throw disposed();
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
      if (!this.#disposed) use?.release();
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
      run: (first, end) => this.#run(range(first, end)),
      runAsync: (first, end) => this.#runAsync(range(first, end)),
      release: () => {
        // Not while it may still be running.
        if (this.#asynchronousRuns === 0) release();
        else void this.#lastRun.then(release, release);
      },
    });
  }

  disassemble(kernel: Kernel): string {
    const m = new ModuleBuilder();
    m.addFunction(kernel.name, kernelFunctionType, (a) => emitKernel(kernel, this.#features, a));
    return printFunction(m.functions[0]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#joinRun();
    // It may have been ended by a worker whose message will not arrive any more.
    this.#finish?.(this.#failure);
    this.#disposed = true;
    if (!this.#pool) return;
    abandoned.unregister(this.#pool);
    this.#pool.dispose();
  }

  #run(range: StepRange): void {
    this.#check();
    this.#joinRun();
    // What it has joined may have failed.
    this.#check();
    try {
      if (this.#pool) this.#scheduler.run(poolAddress, ...range, threadMayWait ? 1 : 0);
      else this.#scheduler.runAlone(range[0], range[1], range[2]);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #check(): void {
    if (this.#disposed) throw disposed();
    if (this.#failure) throw this.#failure;
  }

  /** After a trap on this thread or a worker's. */
  #fail(cause: unknown): VintnerError {
    Atomics.store(new Int32Array(this.#memory.memory.buffer), poolWord("failed"), 1);
    this.#failure ??= new VintnerError("INTERNAL", { what: "a kernel trapped, and nothing runs on its engine any more" }, { cause });
    return this.#failure;
  }

  /** One after the other, on the workers; where there are none, on this thread when the event loop has turned. */
  #runAsync(range: StepRange): Promise<void> {
    const run = async (): Promise<void> => {
      this.#check();
      if (!this.#pool?.ensure(0)) {
        await nextTurn();
        this.#run(range);
        return;
      }
      const pool = this.#pool;
      pool.hold({ onFinished: () => this.#finish?.(), onLoss: () => this.#joinRun() });
      await new Promise<void>((resolve, reject) => {
        this.#finish = (failure) => {
          this.#finish = undefined;
          pool.release();
          if (failure) reject(failure);
          else resolve();
        };
        this.#scheduler.start(poolAddress, ...range);
      });
    };
    this.#asynchronousRuns++;
    this.#lastRun = this.#lastRun.then(run, run).finally(() => this.#asynchronousRuns--);
    return this.#lastRun;
  }

  /** Helps to end the asynchronous run that is going on, if any. */
  #joinRun(): void {
    if (!this.#pool || this.#failure) return;
    try {
      if (this.#scheduler.join(poolAddress, threadMayWait ? 1 : 0) === 1) this.#finish?.();
    } catch (error) {
      this.#finish?.(this.#fail(error));
    }
  }

  #addressOf(memory: Memory): number {
    if (!(memory instanceof LinearBlock && memory.isOf(this.#memory)))
      throw new VintnerError("INTERNAL", { what: "an operand in another engine's memory" });
    return memory.offset;
  }
}

const disposed = (): VintnerError => new VintnerError("DEVICE", { what: "the WebAssembly engine was disposed of" });
