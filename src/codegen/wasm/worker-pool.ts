import { startWorker } from "#platform/workers";
import type { PlatformWorker } from "../../platform/platform-worker.ts";
import type { KernelLibrary, LibraryListener } from "./kernel-library.ts";
import { poolWord } from "./scheduler.ts";
import { additionOf, removalOf, type WorkerMessage, workerSource } from "./worker-source.ts";

/** What happens to an asynchronous run. */
export interface AsynchronousRun {
  /** Workers have ended it. */
  onFinished(): void;
  /** A worker has failed: the others may not end it. */
  onLoss(): void;
}

/**
 * Workers 1 to threads - 1 join all runs; worker 0 stands in for the main thread in asynchronous ones. The platform holds the
 * pool as long as there are workers; so the pool knows nothing of its engine but during an asynchronous run.
 */
export class WorkerPool implements LibraryListener {
  readonly #memory: WebAssembly.Memory;
  readonly #scheduler: WebAssembly.Module;
  readonly #libraries = new Set<KernelLibrary>();
  readonly #workers = new Map<number, PlatformWorker>();
  readonly #lost = new Set<number>();
  #run: AsynchronousRun | undefined;
  /** Libraries that have come or gone. */
  #news = 0;

  constructor(memory: WebAssembly.Memory, scheduler: WebAssembly.Module) {
    this.#memory = memory;
    this.#scheduler = scheduler;
  }

  /** Starts a worker unless it is there; false where there are no threads, or where it has failed before. */
  ensure(worker: number): boolean {
    if (this.#workers.has(worker)) return true;
    if (this.#lost.has(worker)) return false;
    const started = startWorker(workerSource, {
      onMessage: () => this.#run?.onFinished(),
      onError: () => {
        this.#workers.get(worker)?.terminate();
        this.#workers.delete(worker);
        this.#lost.add(worker);
        this.#run?.onLoss();
      },
    });
    if (!started) {
      this.#lost.add(worker);
      return false;
    }
    this.#workers.set(worker, started);
    const first: WorkerMessage = { scheduler: this.#scheduler, memory: this.#memory, worker, news: this.#news - this.#libraries.size };
    for (const message of [first, ...[...this.#libraries].map(additionOf)]) started.post(message);
    return true;
  }

  onAdd(library: KernelLibrary): void {
    this.#libraries.add(library);
    this.#tell(additionOf(library));
  }
  onRemove(library: KernelLibrary): void {
    this.#libraries.delete(library);
    this.#tell(removalOf(library));
  }

  /** Keeps the process and what is to be told of the run alive until `release`. */
  hold(run: AsynchronousRun): void {
    this.#run = run;
    for (const worker of this.#workers.values()) worker.hold();
  }
  release(): void {
    this.#run = undefined;
    for (const worker of this.#workers.values()) worker.release();
  }

  dispose(): void {
    this.#announce(-1);
    for (const worker of this.#workers.values()) worker.terminate();
    this.#workers.clear();
  }

  #tell(message: WorkerMessage): void {
    for (const worker of this.#workers.values()) worker.post(message);
    this.#announce(++this.#news);
  }

  /** After the messages: a worker that sees the number finds them waiting. */
  #announce(news: number): void {
    const words = new Int32Array(this.#memory.buffer);
    Atomics.store(words, poolWord("news"), news);
    Atomics.add(words, poolWord("epoch"), 1);
    Atomics.notify(words, poolWord("epoch"));
  }
}
