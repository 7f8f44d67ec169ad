import { memoryLimit } from "#platform/memory";
import { nativeSystem } from "#platform/native";
import { VintnerError } from "../../common/errors.ts";
import type { Engine, Memory, Program, Step } from "../../kernel/engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { type KernelTarget, type TargetName, targets } from "../../kernel/target.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { CodeCache } from "./code-cache.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { disassembleKernel } from "./disassemble-kernel.ts";
import { NativeMemory } from "./native-memory.ts";
import { NativeProgram } from "./native-program.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { ThreadPool } from "./thread-pool.ts";

/** The targets of this generator that run here, best first. None without koffi or on another processor. */
export function availableX64Targets(): TargetName[] {
  const { avx2, avx512 } = cpuFeatures();
  return [...(avx512 ? (["x64-avx512"] as const) : []), ...(avx2 ? (["x64-avx2"] as const) : [])];
}

/** An engine of emitted machine code. `threads` includes the calling one. Throws DEVICE where the target is not available. */
export function createX64Engine(target: X64Target, options: { readonly threads: number }): Engine {
  const system = nativeSystem();
  if (!system || !availableX64Targets().includes(target))
    throw new VintnerError("DEVICE", {
      what: `machine code for ${target} cannot run here`,
      hint: "It takes an x86-64 processor with these instructions and the package koffi; set CPU_TARGET to a WebAssembly target",
    });
  return new X64Engine(system, target, Math.max(1, Math.trunc(options.threads)));
}

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
  readonly #system: NativeSystem;
  readonly #name: X64Target;
  readonly #resources: Resources;
  readonly #programs = new Set<WeakRef<NativeProgram>>();
  #disposed = false;

  constructor(system: NativeSystem, target: X64Target, threads: number) {
    this.target = targets[target];
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
