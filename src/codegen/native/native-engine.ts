import { VintnerError } from "../../common/errors.ts";
import { checkThreads } from "../scheduler/check-threads.ts";
import type { Engine, EngineOptions, Memory, Program, Step } from "../../kernel/engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { CodeCache } from "./code-cache.ts";
import type { NativeEmitter } from "./native-emitter.ts";
import { largestBlock, NativeMemory } from "./native-memory.ts";
import { NativeProgram } from "./native-program.ts";
import { leaseThreads, type ThreadLease } from "./thread-pool.ts";

interface Resources {
  readonly lease: ThreadLease;
  readonly cache: CodeCache;
}

function release({ lease, cache }: Resources): void {
  lease.release();
  cache.dispose();
}

/** Ends the threads and frees the code of engines that nobody holds any more. Programs hold their engine. */
const abandoned = new FinalizationRegistry<Resources>(release);

/** Machine code of any processor on native memory and threads. */
export class NativeEngine implements Engine {
  readonly target: KernelTarget;
  readonly threads: number;
  readonly hasStableMemory = true;
  readonly #system: NativeSystem;
  readonly #emitter: NativeEmitter;
  readonly #resources: Resources;
  readonly #programs = new Set<WeakRef<NativeProgram>>();
  #disposed = false;

  /** Throws INVALID_ARGUMENT for numbers of threads that cannot be, DEVICE where the system has no more. */
  constructor(system: NativeSystem, emitter: NativeEmitter, { threads, runs = 1 }: EngineOptions) {
    checkThreads(threads);
    this.target = emitter.target;
    this.threads = system.hasFutex ? threads : 1;
    this.#system = system;
    this.#emitter = emitter;
    this.#resources = { lease: leaseThreads(system, emitter, this.threads, runs), cache: new CodeCache(system, emitter) };
    abandoned.register(this, this.#resources, this.#resources);
  }

  get capacity(): number {
    return largestBlock(this.#system);
  }
  allocate(byteLength: number): Memory {
    return new NativeMemory(this.#system, byteLength);
  }
  program(steps: readonly Step[]): Program {
    if (this.#disposed) throw new VintnerError("INTERNAL", { what: "an engine that was disposed of makes no programs" });
    const { lease, cache } = this.#resources;
    const program = new NativeProgram({ system: this.#system, threads: this.threads, lease, cache, engine: this }, steps, () =>
      this.#programs.delete(reference),
    );
    const reference = new WeakRef(program);
    for (const other of this.#programs) if (other.deref() === undefined) this.#programs.delete(other);
    this.#programs.add(reference);
    return program;
  }
  disassemble(kernel: Kernel): string {
    return this.#emitter.disassemble(kernel);
  }
  dispose(): void {
    if (this.#disposed) return;
    for (const program of this.#programs) program.deref()?.dispose();
    this.#disposed = true;
    abandoned.unregister(this.#resources);
    release(this.#resources);
  }
}
