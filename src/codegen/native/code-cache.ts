import type { Kernel } from "../../kernel/kernel.ts";
import { requireProof } from "../../kernel/kernel-proof.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { CodeMemory } from "./code-memory.ts";
import type { NativeEmitter } from "./native-emitter.ts";

interface Region {
  readonly memory: CodeMemory;
  users: number;
}

export interface CachedCode {
  readonly key: string;
  readonly address: bigint;
  readonly region: Region;
  users: number;
}

/** The code of kernels by their keys, each as long as someone uses it. */
export class CodeCache {
  readonly #system: NativeSystem;
  readonly #emitter: NativeEmitter;
  readonly #entries = new Map<string, CachedCode>();
  #disposed = false;

  constructor(system: NativeSystem, emitter: NativeEmitter) {
    this.#system = system;
    this.#emitter = emitter;
  }

  /** One entry for each kernel, to be released once each. New kernels are emitted into one region. */
  acquire(kernels: readonly Kernel[]): CachedCode[] {
    const missing = [...new Map(kernels.filter((k) => !this.#entries.has(k.key)).map((k) => [k.key, k])).values()];
    for (const kernel of missing) requireProof(kernel, this.#emitter.target);
    if (missing.length > 0) {
      const memory = new CodeMemory(
        this.#system,
        missing.map((k) => this.#emitter.emitKernel(k)),
      );
      const region = { memory, users: missing.length };
      for (const [i, { key }] of missing.entries()) this.#entries.set(key, { key, address: memory.addresses[i], region, users: 0 });
    }
    return kernels.map((k) => {
      const entry = this.#entries.get(k.key) as CachedCode;
      entry.users++;
      return entry;
    });
  }

  /** After `dispose` there is nothing left to release. */
  release(entries: readonly CachedCode[]): void {
    if (this.#disposed) return;
    for (const entry of entries)
      if (--entry.users === 0) {
        this.#entries.delete(entry.key);
        if (--entry.region.users === 0) entry.region.memory.dispose();
      }
  }

  /** Frees all code. None of it may run any more. */
  dispose(): void {
    this.#disposed = true;
    for (const memory of new Set([...this.#entries.values()].map((e) => e.region.memory))) memory.dispose();
    this.#entries.clear();
  }
}
