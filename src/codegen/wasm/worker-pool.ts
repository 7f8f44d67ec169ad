import { startWorker } from "#platform/workers";
import type { PlatformWorker } from "../../platform/platform-worker.ts";
import type { KernelLibrary } from "./kernel-library.ts";
import { workerSource } from "./worker-source.ts";
import { control } from "./scheduler-layout.ts";

/** Workers 1 to threads - 1 join all runs; worker 0 stands in for the main thread in asynchronous ones. */
export class WorkerPool {
  readonly #memory: WebAssembly.Memory;
  readonly #scheduler: WebAssembly.Module;
  readonly #libraries: KernelLibrary[] = [];
  readonly #workers = new Map<number, PlatformWorker>();
  readonly #onFinished: () => void;
  readonly #onLoss: () => void;

  /** `onFinished` is called when workers have ended an asynchronous run, `onLoss` when a worker has failed. */
  constructor(memory: WebAssembly.Memory, scheduler: WebAssembly.Module, onFinished: () => void, onLoss: () => void) {
    this.#memory = memory;
    this.#scheduler = scheduler;
    this.#onFinished = onFinished;
    this.#onLoss = onLoss;
  }

  /** Starts a worker unless it is there; false where there are no threads. */
  ensure(worker: number): boolean {
    if (this.#workers.has(worker)) return true;
    const started = startWorker(workerSource, {
      onMessage: () => this.#onFinished(),
      onError: () => {
        this.#workers.delete(worker);
        this.#onLoss();
      },
    });
    if (!started) return false;
    this.#workers.set(worker, started);
    started.post({ scheduler: this.#scheduler, memory: this.#memory, worker });
    for (const library of this.#libraries) started.post(message(library));
    return true;
  }

  get size(): number {
    return this.#workers.size;
  }

  install(libraries: readonly KernelLibrary[]): void {
    for (const library of libraries) {
      this.#libraries.push(library);
      for (const worker of this.#workers.values()) worker.post(message(library));
    }
    this.#announce(this.#libraries.length);
  }

  hold(): void {
    for (const worker of this.#workers.values()) worker.hold();
  }
  release(): void {
    for (const worker of this.#workers.values()) worker.release();
  }

  dispose(): void {
    this.#announce(-1);
    for (const worker of this.#workers.values()) worker.terminate();
    this.#workers.clear();
  }

  #announce(libraries: number): void {
    const words = new Int32Array(this.#memory.buffer);
    Atomics.store(words, control.libraries / 4, libraries);
    Atomics.add(words, control.epoch / 4, 1);
    Atomics.notify(words, control.epoch / 4);
  }
}

const message = ({ module, tableSize }: KernelLibrary): object => ({ library: module, size: tableSize });
