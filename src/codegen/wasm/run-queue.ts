import { nextTurn } from "#platform/event-loop";
import { threadMayWait } from "#platform/workers";
import { VintnerError } from "../../common/errors.ts";
import { poolAddress, poolWord, type SchedulerExports } from "./scheduler.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What the scheduler is told of some steps: the program, the first, the end, and the last group. */
export type StepRange = readonly [program: number, first: number, end: number, lastGroup: number];

/** Ends the workers of engines that nobody holds any more. */
const abandoned = new FinalizationRegistry<WorkerPool>((pool) => pool.dispose());

/** The runs of an engine, one at a time: on the calling thread with the workers that come, or asynchronously on the workers alone. */
export class RunQueue {
  readonly #memory: WebAssembly.Memory;
  readonly #scheduler: SchedulerExports;
  readonly #pool: WorkerPool | undefined;
  /** Ends the asynchronous run that is going on, with an error or without. */
  #finish: ((failure?: VintnerError) => void) | undefined;
  /** Why nothing runs any more: a kernel has trapped. */
  #failure: VintnerError | undefined;
  /** The end of the last asynchronous run that was asked for. */
  #lastRun: Promise<void> = Promise.resolve();
  #asynchronousRuns = 0;
  #disposed = false;

  /** Takes the pool over: it ends with the queue, also where that is only forgotten. */
  constructor(memory: WebAssembly.Memory, scheduler: SchedulerExports, pool: WorkerPool | undefined) {
    this.#memory = memory;
    this.#scheduler = scheduler;
    this.#pool = pool;
    if (pool) abandoned.register(this, pool, pool);
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Throws where nothing runs any more. */
  check(): void {
    if (this.#disposed) throw disposed();
    if (this.#failure) throw this.#failure;
  }

  run(range: StepRange): void {
    this.check();
    this.#join();
    // What it has joined may have failed.
    this.check();
    try {
      if (this.#pool) this.#scheduler.run(poolAddress, ...range, threadMayWait ? 1 : 0);
      else this.#scheduler.runAlone(range[0], range[1], range[2]);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** One after the other, on the workers; where there are none, on this thread when the event loop has turned. */
  runAsync(range: StepRange): Promise<void> {
    const run = async (): Promise<void> => {
      this.check();
      if (this.#pool?.ensure(0)) await this.#runOnWorkers(this.#pool, range);
      else {
        await nextTurn();
        this.run(range);
      }
    };
    this.#asynchronousRuns++;
    this.#lastRun = this.#lastRun.then(run, run).finally(() => this.#asynchronousRuns--);
    return this.#lastRun;
  }

  /** Does something that no run may meet: at once, or behind the asynchronous runs that were asked for. */
  whenIdle(action: () => void): void {
    if (this.#asynchronousRuns === 0) action();
    else void this.#lastRun.then(action, action);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#join();
    // It may have been ended by a worker whose message will not arrive any more.
    this.#finish?.(this.#failure);
    this.#disposed = true;
    if (!this.#pool) return;
    abandoned.unregister(this.#pool);
    this.#pool.dispose();
  }

  async #runOnWorkers(pool: WorkerPool, range: StepRange): Promise<void> {
    // The pool holds this queue, and so itself, until the run has ended.
    pool.hold({ onFinished: () => this.#finish?.(), onLoss: () => this.#join() });
    await new Promise<void>((resolve, reject) => {
      this.#finish = (failure) => {
        this.#finish = undefined;
        pool.release();
        if (failure) reject(failure);
        else resolve();
      };
      this.#scheduler.start(poolAddress, ...range);
    });
  }

  /** Helps to end the asynchronous run that is going on, if any. */
  #join(): void {
    if (!this.#pool || this.#failure) return;
    try {
      if (this.#scheduler.join(poolAddress, threadMayWait ? 1 : 0) === 1) this.#finish?.();
    } catch (error) {
      this.#finish?.(this.#fail(error));
    }
  }

  /** After a trap on this thread or a worker's. */
  #fail(cause: unknown): VintnerError {
    Atomics.store(new Int32Array(this.#memory.buffer), poolWord("failed"), 1);
    this.#failure ??= new VintnerError("INTERNAL", { what: "a kernel trapped, and nothing runs on its engine any more" }, { cause });
    return this.#failure;
  }
}

const disposed = (): VintnerError => new VintnerError("DEVICE", { what: "the WebAssembly engine was disposed of" });
