import type { NativeFunction, NativeSystem } from "../../platform/native-system.ts";
import { CodeMemory } from "./code-memory.ts";
import { emitRunAlone, emitRunShared, emitStop, emitWorker, poolState } from "./runner-code.ts";

/** The native runner and its worker threads. */
export class ThreadPool {
  readonly threads: number;
  readonly #system: NativeSystem;
  readonly #code: CodeMemory;
  readonly #state: bigint;
  readonly #run: NativeFunction;
  readonly #stop: NativeFunction;
  readonly #workers: bigint[] = [];

  /** `threads` includes the thread that calls `run`. Throws DEVICE. */
  constructor(system: NativeSystem, threads: number) {
    this.#system = system;
    this.threads = system.hasFutex ? threads : 1;
    this.#code = new CodeMemory(system, [emitRunAlone(this.threads), emitRunShared(this.threads), emitWorker(this.threads), emitStop()]);
    const [alone, shared, worker, stop] = this.#code.addresses;
    this.#run = system.function(this.threads > 1 ? shared : alone, 4);
    this.#stop = system.function(stop, 1);
    this.#state = system.map(Math.ceil(poolState.bytes / system.pageBytes) * system.pageBytes);
    try {
      for (let i = 1; i < this.threads; i++) this.#workers.push(system.startThread(worker, this.#state));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  run(first: bigint, end: bigint, lastGroup: bigint): void {
    this.#run(this.#state, first, end, lastGroup);
  }
  runAsync(first: bigint, end: bigint, lastGroup: bigint): Promise<void> {
    return this.#run.async(this.#state, first, end, lastGroup);
  }

  /** Joins the threads. No run may be under way. */
  dispose(): void {
    this.#stop(this.#state);
    for (const worker of this.#workers) this.#system.joinThread(worker);
    this.#system.unmap(this.#state, Math.ceil(poolState.bytes / this.#system.pageBytes) * this.#system.pageBytes);
    this.#code.dispose();
  }
}
