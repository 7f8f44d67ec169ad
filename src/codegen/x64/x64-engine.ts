import { memoryLimit } from "#platform/memory";
import { nativeSystem } from "#platform/native";
import { VintnerError } from "../../common/errors.ts";
import type { Backend, Engine, EngineOptions, Memory, Program, Step } from "../../kernel/engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { CodeCache } from "./code-cache.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { disassembleKernel } from "./disassemble-kernel.ts";
import { NativeMemory } from "./native-memory.ts";
import { NativeProgram } from "./native-program.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { ThreadPool } from "./thread-pool.ts";
import { availableX64Targets, describeX64Target, x64TargetNames } from "./x64-targets.ts";

export { availableX64Targets };

/** An engine of emitted machine code. `threads` includes the calling one. Throws DEVICE where the target is not available. */
export function createX64Engine(target: X64Target, options: EngineOptions): Engine {
  const system = nativeSystem();
  if (!system || !availableX64Targets().includes(target))
    throw new VintnerError("DEVICE", {
      what: `machine code for ${target} cannot run here`,
      hint: "It takes an x86-64 processor with these instructions and the package koffi; set CPU_TARGET to a WebAssembly target",
    });
  return new X64Engine(system, target, Math.max(1, Math.trunc(options.threads)));
}

/** Machine code for x86-64, through koffi. */
export const x64Backend: Backend = {
  name: "x64",
  architecture: "intel64",
  targets: x64TargetNames,
  available: availableX64Targets,
  createEngine: (target, options) => createX64Engine(target as X64Target, options),
};

interface Resources {
  readonly pool: ThreadPool;
  readonly cache: CodeCache;
}

function release({ pool, cache }: Resources): void {
  pool.dispose();
  cache.dispose();
}

/** Ends the threads and frees the code of engines that nobody holds any more. Programs hold their engine. */
const abandoned = new FinalizationRegistry<Resources>(release);

class X64Engine implements Engine {
  readonly target: KernelTarget;
  readonly hasStableMemory = true;
  readonly #system: NativeSystem;
  readonly #name: X64Target;
  readonly #resources: Resources;
  readonly #programs = new Set<WeakRef<NativeProgram>>();
  #disposed = false;

  constructor(system: NativeSystem, target: X64Target, threads: number) {
    this.target = describeX64Target(target, cpuFeatures());
    this.#system = system;
    this.#name = target;
    this.#resources = { pool: new ThreadPool(system, threads), cache: new CodeCache(system, target) };
    abandoned.register(this, this.#resources, this.#resources);
  }

  get threads(): number {
    return this.#resources.pool.threads;
  }
  get capacity(): number {
    return memoryLimit();
  }
  allocate(byteLength: number): Memory {
    return new NativeMemory(this.#system, byteLength);
  }
  program(steps: readonly Step[]): Program {
    if (this.#disposed) throw new VintnerError("INTERNAL", { what: "an engine that was disposed of makes no programs" });
    const { pool, cache } = this.#resources;
    const program = new NativeProgram(this.#system, pool, cache, steps, () => this.#programs.delete(reference));
    const reference = new WeakRef(program);
    for (const other of this.#programs) if (other.deref() === undefined) this.#programs.delete(other);
    this.#programs.add(reference);
    return program;
  }
  disassemble(kernel: Kernel): string {
    return disassembleKernel(kernel, this.#name);
  }
  dispose(): void {
    if (this.#disposed) return;
    for (const program of this.#programs) program.deref()?.dispose();
    this.#disposed = true;
    abandoned.unregister(this.#resources);
    release(this.#resources);
  }
}
