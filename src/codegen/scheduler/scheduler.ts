import type { Local, Routine } from "./routine.ts";
import { poolLayout } from "./scheduler-layout.ts";
import { type SchedulerOptions, SchedulerWriter } from "./scheduler-writer.ts";

/** The scheduler's routines. Addresses are words; `program` is a program's header, [first, end) are steps. */
export interface SchedulerRoutines {
  /** `(program, first, end)`: on the calling thread. */
  readonly runAlone: Routine;
  /** `(pool, program, first, end, lastGroup, mayWait)`: with the workers that come. `lastGroup`: the step from which on completion is not yet known at the end. */
  readonly run: Routine;
  /** `(pool, worker, known)`: a worker's life: takes part in runs until it is not wanted, or there is other news than the known. */
  readonly work: Routine;
  /** `(record)`: the same as a thread of the system's, which finds the pool and its number in a record of two words. */
  readonly thread: Routine;
  /** `(pool, workers)`: lets workers of higher numbers leave. */
  readonly resize: Routine;
  /** `(pool, program, first, end, lastGroup)`: has worker 0 run it. Hosted only. */
  readonly start: Routine;
  /** `(pool, mayWait)`: waits until such a run has ended, and runs it itself where worker 0 has not begun; 1 then. Hosted only. */
  readonly join: Routine;
}

/**
 * The scheduler: runs a program's steps on a pool of threads.
 *
 * Threads walk the steps in order. Each takes chunks of its own share, so that neighbouring steps find their data in the same core's
 * cache, and when that is empty of the others'. A step that needs the earlier ones waits until those have completed all their tasks.
 * So no thread waits for another thread, only for work, and one that comes late, or not at all, costs nothing. A step with one task
 * belongs to the caller's thread.
 *
 * A run takes a free slot, opens it, and closes it when all is done; workers look at all slots when the pool's epoch has changed.
 * Nobody may look at the steps any more when a run returns: they may be run again, or their memory become another program's. So a
 * worker counts itself into the slot before it looks whether the run is still the one it has seen, and the caller waits for all to leave.
 */
export function schedulerRoutines(options: SchedulerOptions): SchedulerRoutines {
  return {
    runAlone: runAlone(options),
    run: run(options),
    work: work(options),
    thread: thread(options),
    resize: resize(options),
    start: start(options),
    join: join(options),
  };
}

function runAlone(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("runAlone", options);
  const [program, first, end] = ["program", "first", "end"].map((name) => w.parameter(name));
  w.runAlone({ program, first, end });
  return w.build();
}

function run(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("run", options);
  const [pool, program, first, end, lastGroup, mayWait] = ["pool", "program", "first", "end", "lastGroup", "mayWait"].map((name) =>
    w.parameter(name),
  );
  w.run(pool, { program, first, end, lastGroup, mayWait });
  return w.build();
}

function work(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("work", options);
  const [pool, worker, known] = ["pool", "worker", "known"].map((name) => w.parameter(name));
  writeLife(w, options, pool, worker, known);
  return w.build();
}

function thread(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("thread", options);
  const record = w.parameter("record");
  const [pool, worker, known] = ["pool", "worker", "known"].map((name) => w.local(name));
  w.load(pool, record, 0);
  w.load(worker, record, options.word);
  w.set(known, 0);
  writeLife(w, options, pool, worker, known);
  return w.build();
}

function writeLife(w: SchedulerWriter, { isHosted, idleRounds }: SchedulerOptions, pool: Local, worker: Local, known: Local): void {
  const [seen, epoch, rounds, isJoined, wanted, before] = ["seen", "epoch", "rounds", "isJoined", "wanted", "before"].map((name) =>
    w.local(name),
  );
  // Worker 0 is no help to others' runs, so it does not count among those that wait for them.
  const [counted, uncounted] = [w.local("counted"), w.local("uncounted")];
  w.set(counted, 0);
  w.if(worker, "greater", 0, () => w.set(counted, 1));
  w.set(uncounted, 0);
  w.subtract(uncounted, uncounted, counted);
  w.load(epoch, pool, poolLayout.epoch);
  w.subtract(seen, epoch, 1);
  w.set(rounds, idleRounds);
  w.addAtomic(before, pool, poolLayout.idle, counted);
  w.loop((life) => {
    w.load(wanted, pool, poolLayout.wanted);
    w.if(worker, "greater", wanted, () => w.leave(life));
    if (isHosted) {
      const news = w.local("news");
      w.load(news, pool, poolLayout.news);
      w.if(news, "notEqual", known, () => w.leave(life));
    }
    w.load(epoch, pool, poolLayout.epoch);
    w.if(epoch, "notEqual", seen, () => {
      w.set(seen, epoch);
      w.set(isJoined, 0);
      const visit = (): void => w.visitSlots(pool, worker, known, isJoined);
      if (isHosted) w.if(worker, "equal", 0, () => w.doRequest(pool, known, isJoined), visit);
      else visit();
      w.if(isJoined, "equal", 1, () => w.set(rounds, idleRounds));
    });
    w.pause();
    w.if(rounds, "greater", 0, () => {
      w.subtract(rounds, rounds, 1);
      w.repeat(life);
    });
    w.addAtomic(before, pool, poolLayout.idle, uncounted);
    w.addAtomic(before, pool, poolLayout.sleepers, 1);
    w.waitWhile(pool, poolLayout.epoch, seen);
    w.addAtomic(before, pool, poolLayout.sleepers, -1);
    w.addAtomic(before, pool, poolLayout.idle, counted);
  });
  w.addAtomic(before, pool, poolLayout.idle, uncounted);
}

function resize(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("resize", options);
  const [pool, workers] = ["pool", "workers"].map((name) => w.parameter(name));
  w.storeRelease(pool, poolLayout.wanted, workers);
  w.announce(pool, () => undefined);
  return w.build();
}

function start(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("start", options);
  const [pool, ...run] = ["pool", "program", "first", "end", "lastGroup"].map((name) => w.parameter(name));
  for (const [i, value] of run.entries()) w.store(pool, poolLayout.request + i * options.word, value);
  w.storeRelease(pool, poolLayout.asked, 1);
  w.announce(pool, () => undefined);
  return w.build();
}

function join(options: SchedulerOptions): Routine {
  const w = new SchedulerWriter("join", options);
  const [pool, mayWait] = ["pool", "mayWait"].map((name) => w.parameter(name));
  const asked = w.local("asked");
  w.compareExchange(asked, pool, poolLayout.asked, 1, 2);
  w.if(asked, "equal", 1, () => {
    w.run(pool, { ...w.request(pool), mayWait });
    w.storeRelease(pool, poolLayout.asked, 0);
    w.return(1);
  });
  w.awaitZero(pool, pool, poolLayout.asked, mayWait);
  w.return(0);
  return w.build();
}
