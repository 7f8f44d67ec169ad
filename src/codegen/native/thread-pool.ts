import { onThreadExit } from "#platform/thread-exit";
import type { NativeFunction, NativeSystem } from "../../platform/native-system.ts";
import { schedulerRoutines } from "../scheduler/scheduler.ts";
import type { SchedulerOptions } from "../scheduler/scheduler-writer.ts";
import { schedulerSizes } from "../scheduler/scheduler-layout.ts";
import { CodeMemory } from "./code-memory.ts";
import type { NativeEmitter } from "./native-emitter.ts";

/** Looking takes some 20 to 50 nanoseconds a round. */
const options: SchedulerOptions = { word: 8, slots: 16, spinRounds: 2_000, idleRounds: 20_000, isHosted: false };

/** Workers that the pool has room for. */
const mostWorkers = 1024;

/** Bytes of what a thread finds of itself: the pool and its number. */
const recordBytes = 16;

interface Worker {
  readonly number: number;
  readonly handle: bigint;
}

/** An engine's share in the process's threads. */
export interface ThreadLease {
  /** Runs steps [first, end) of a program with the calling thread and the pool's. `lastGroup`: see SchedulerRoutines. */
  readonly run: (program: bigint, first: bigint, end: bigint, lastGroup: bigint) => void;
  readonly runAsync: (program: bigint, first: bigint, end: bigint, lastGroup: bigint) => Promise<void>;
  /** No run of the lease's may be under way. */
  release(): void;
}

/** The one pool of this process, made when it is first wanted. Without leases it has no threads, and stays: its code is small. */
let shared: ThreadPool | undefined;

/** Threads for runs of `threads`, the caller's included, `runs` of them at a time. Throws DEVICE where they cannot be started. */
export function leaseThreads(system: NativeSystem, emitter: NativeEmitter, threads: number, runs: number): ThreadLease {
  const pool = (shared ??= new ThreadPool(system, emitter));
  return pool.lease((threads - 1) * runs);
}

/** Worker threads that all engines share: as many as the one that wants most of them. They end when nobody uses them. */
class ThreadPool {
  readonly #system: NativeSystem;
  readonly #state: bigint;
  /** What each worker finds of itself: the pool's address and its number. */
  readonly #records: BigUint64Array;
  readonly #recordsAt: number;
  readonly #thread: bigint;
  readonly #run: NativeFunction;
  readonly #runAlone: NativeFunction;
  readonly #resize: NativeFunction;
  /** Numbers 1, 2 and so on. */
  readonly #workers: Worker[] = [];
  /** Told to leave, and not yet joined. */
  #leaving: Worker[] = [];
  readonly #leases = new Map<object, number>();

  constructor(system: NativeSystem, emitter: NativeEmitter) {
    this.#system = system;
    const { runAlone, run, resize, thread } = schedulerRoutines(options);
    const { addresses } = new CodeMemory(
      system,
      [runAlone, run, resize, thread].map((routine) => emitter.emitRoutine(routine)),
    );
    this.#runAlone = system.function(addresses[0], 3);
    this.#run = system.function(addresses[1], 6);
    this.#resize = system.function(addresses[2], 2);
    this.#thread = addresses[3];
    this.#recordsAt = schedulerSizes(options).poolBytes;
    const records = (mostWorkers + 1) * recordBytes;
    const bytes = Math.ceil((this.#recordsAt + records) / system.pageBytes) * system.pageBytes;
    this.#state = system.map(bytes);
    this.#records = new BigUint64Array(system.view(this.#state, bytes), this.#recordsAt, records / 8);
    // A worker of Node.js that ends has no finalizers, and its process goes on.
    onThreadExit(() => {
      this.#leases.clear();
      this.#fit();
      this.#join(() => true);
    });
  }

  lease(workers: number): ThreadLease {
    const key = {};
    this.#leases.set(key, this.#system.hasFutex ? Math.min(workers, mostWorkers) : 0);
    const release = (): void => {
      if (!this.#leases.delete(key)) return;
      this.#fit();
      if (this.#leases.size === 0) this.#join(() => true);
    };
    try {
      this.#fit();
    } catch (error) {
      release();
      throw error;
    }
    if (workers === 0 || !this.#system.hasFutex)
      return {
        run: (program, first, end) => this.#runAlone(program, first, end),
        runAsync: (program, first, end) => this.#runAlone.async(program, first, end),
        release,
      };
    return {
      run: (program, first, end, lastGroup) => this.#run(this.#state, program, first, end, lastGroup, 1),
      runAsync: (program, first, end, lastGroup) => this.#run.async(this.#state, program, first, end, lastGroup, 1),
      release,
    };
  }

  /** Has as many workers as the largest lease. */
  #fit(): void {
    const wanted = Math.max(0, ...this.#leases.values());
    // Those that were told to leave may still be in another's run. They look at what is wanted when it has ended, so not before
    // they have left may more be.
    if (wanted > this.#workers.length) this.#join((number) => number <= wanted);
    if (wanted !== this.#workers.length) this.#resize(this.#state, wanted);
    this.#leaving.push(...this.#workers.splice(wanted));
    while (this.#workers.length < wanted) {
      const number = this.#workers.length + 1;
      this.#records.set([this.#state, BigInt(number)], (number * recordBytes) / 8);
      const record = this.#state + BigInt(this.#recordsAt + number * recordBytes);
      this.#workers.push({ number, handle: this.#system.startThread(this.#thread, record) });
    }
  }

  /** Waits until workers that were told to leave have ended. */
  #join(which: (number: number) => boolean): void {
    for (const { number, handle } of this.#leaving) if (which(number)) this.#system.joinThread(handle);
    this.#leaving = this.#leaving.filter(({ number }) => !which(number));
  }
}
