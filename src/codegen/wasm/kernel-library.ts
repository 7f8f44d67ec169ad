import { requireProof } from "../../kernel/kernel-proof.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import { emitKernel, kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";
import type { VectorFeatures } from "./vector-context.ts";

/** Kernels of one module. Browsers compile at once, on the page's main thread, only what is not too large. */
const mostKernels = 64;
/** Kernels that are kept although no program uses them. */
const mostIdleKernels = 512;

/**
 * Bytes of a function's code after which V8 has it optimized (its flag --wasm-tiering-budget; less in Node.js 20). They are counted
 * at the end of a loop's round, for the loop as a whole, whatever of it has run.
 */
const tieringBudget = 13_000_000;
/** An instruction is more bytes of machine code than this on average. */
const leastInstructionBytes = 2;

/** A compiled module; its functions stand in the table of functions from `base` on. */
export interface KernelLibrary {
  readonly module: WebAssembly.Module;
  readonly base: number;
  readonly keys: readonly string[];
}

/** The kernels of a program, until it releases them. */
export interface KernelUse {
  /** Place in the table of a kernel. */
  indexOf(kernel: Kernel): number;
  release(): void;
}

/** Told when libraries come and go, in that order. */
export interface LibraryListener {
  onAdd(library: KernelLibrary): void;
  onRemove(library: KernelLibrary): void;
}

/** Compiles kernels, each key once, and keeps them as long as programs use them, and a while longer. */
export class KernelLibraries {
  readonly #target: KernelTarget;
  readonly #features: VectorFeatures;
  readonly #memory: MemoryLimits;
  readonly #listener: LibraryListener;
  readonly #byKey = new Map<string, { readonly library: KernelLibrary; readonly index: number }>();
  readonly #users = new Map<KernelLibrary, number>();
  /** Without users, the longest idle first. */
  readonly #idle = new Set<KernelLibrary>();
  #tableSize = 0;

  constructor(target: KernelTarget, features: VectorFeatures, memory: MemoryLimits, listener: LibraryListener) {
    this.#target = target;
    this.#features = features;
    this.#memory = memory;
    this.#listener = listener;
  }

  use(kernels: readonly Kernel[]): KernelUse {
    const missing = [...new Map(kernels.map((k) => [k.key, k])).values()].filter((k) => !this.#byKey.has(k.key));
    for (const kernel of missing) requireProof(kernel, this.#target);
    for (let first = 0; first < missing.length; first += mostKernels) this.#add(missing.slice(first, first + mostKernels));
    const entryOf = ({ key }: Kernel) => this.#byKey.get(key) as { library: KernelLibrary; index: number };
    const libraries = new Set(kernels.map((k) => entryOf(k).library));
    for (const library of libraries) {
      this.#users.set(library, (this.#users.get(library) as number) + 1);
      this.#idle.delete(library);
    }
    return {
      indexOf: (kernel) => entryOf(kernel).index,
      release: () => {
        for (const library of libraries) this.#leave(library);
        libraries.clear();
      },
    };
  }

  #add(kernels: readonly Kernel[]): void {
    const m = new ModuleBuilder();
    m.importMemory("env", "memory", this.#memory);
    m.importTable("env", "table");
    const functions = kernels.map((kernel) => m.addFunction(kernel.name, kernelFunctionType, (a) => emitKernel(kernel, this.#features, a)));
    m.addElements(this.#tableSize, functions);
    m.export(
      "warm",
      m.addFunction("warm", { params: [], results: [] }, (a) => {
        for (const [i, index] of functions.entries()) emitWarming(a, index, m.functions[i].body.length);
      }),
    );
    const library = { module: new WebAssembly.Module(m.encode()), base: this.#tableSize, keys: kernels.map((k) => k.key) };
    // It counts as there only when it is.
    this.#listener.onAdd(library);
    this.#tableSize += kernels.length;
    this.#users.set(library, 0);
    this.#idle.add(library);
    for (const [i, key] of library.keys.entries()) this.#byKey.set(key, { library, index: library.base + i });
  }

  #leave(library: KernelLibrary): void {
    const users = (this.#users.get(library) as number) - 1;
    this.#users.set(library, users);
    if (users > 0) return;
    this.#idle.add(library);
    let kernels = 0;
    for (const idle of this.#idle) kernels += idle.keys.length;
    for (const idle of this.#idle) {
      if (kernels <= mostIdleKernels) return;
      kernels -= idle.keys.length;
      this.#idle.delete(idle);
      this.#users.delete(idle);
      for (const key of idle.keys) this.#byKey.delete(key);
      this.#listener.onRemove(idle);
    }
  }
}

/**
 * Calls a kernel for so many tasks of negative numbers, each an empty round of its loop, that engines which begin with slow code
 * optimize it, on other threads: long before its first run has told them that it is worth it.
 */
function emitWarming(a: FunctionAssembler, kernel: number, instructionCount: number): void {
  a.i32(0);
  a.i32(-Math.ceil(tieringBudget / (instructionCount * leastInstructionBytes)));
  for (let i = 0; i < 2; i++) a.i32(0);
  a.op("call", kernel);
}

interface LibraryExports {
  /** Has the kernels optimized; once for all threads. */
  warm(): void;
}

/** Puts a library's functions into a thread's table; its places are never used again after it has gone. */
export function installLibrary(
  { module, base, keys }: KernelLibrary,
  table: WebAssembly.Table,
  imports: WebAssembly.Imports,
): LibraryExports {
  table.grow(Math.max(0, base + keys.length - table.length));
  return new WebAssembly.Instance(module, imports).exports as unknown as LibraryExports;
}

export function removeLibrary({ base, keys }: KernelLibrary, table: WebAssembly.Table): void {
  for (const i of keys.keys()) table.set(base + i, null);
}
