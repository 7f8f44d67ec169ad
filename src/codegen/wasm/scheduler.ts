import type { FunctionAssembler } from "./function-assembler.ts";
import { kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";
import { control, stepRecord } from "./scheduler-layout.ts";

/** Rounds of looking before a thread goes to sleep: some tens of microseconds. */
const spinRounds = 20_000;

/** Nanoseconds after which a thread that sleeps in a run looks whether a kernel has trapped. */
const sleepNanoseconds = 100_000_000;

/** What the scheduler's module exports. All but `runAlone` trap where a kernel has trapped on another thread. */
export interface SchedulerExports {
  /** Runs steps [first, end) on this thread alone. */
  runAlone(first: number, end: number): void;
  /** Runs steps [first, end) together with the workers that come; returns when all have ended. */
  run(first: number, end: number, mayWait: number): void;
  /** Hands steps [first, end) to the workers. */
  start(first: number, end: number): void;
  /** Takes part in the run that is going on, if any, and waits until all have left it; 1 if this thread ended it. */
  join(): number;
  /** A worker's life: takes part in runs until there is other news than the `known`. Worker 0 joins asynchronous runs only. */
  work(worker: number, known: number): void;
}

/**
 * The program that hands out steps and tasks, one instance on each thread. Threads claim tasks of a phase by atomic
 * counters and meet where it ends; nothing depends on how many come, so that workers may start late or not at all.
 */
export function buildScheduler(memory: MemoryLimits): ModuleBuilder {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", memory);
  m.importTable("env", "table");
  const finished = m.importFunction("env", "finished", { params: [], results: [] });
  const kernelType = m.typeIndex(kernelFunctionType);

  m.export(
    "runAlone",
    m.addFunction("runAlone", { params: ["i32", "i32"], results: [] }, (a) => emitRunAlone(a, kernelType)),
  );
  const phases = m.addFunction("runPhases", { params: ["i32", "i32", "i32", "i32"], results: ["i32"] }, (a) =>
    emitRunPhases(a, kernelType),
  );
  const open = m.addFunction("open", { params: ["i32", "i32", "i32"], results: [] }, emitOpen);
  m.export(
    "run",
    m.addFunction("run", { params: ["i32", "i32", "i32"], results: [] }, (a) => {
      const [first, end, mayWait] = [0, 1, 2];
      for (const local of [first, end]) a.get(local);
      a.i32(0);
      a.op("call", open);
      for (const local of [first, end, mayWait]) a.get(local);
      a.i32(1);
      a.op("call", phases);
      a.op("drop");
      storeWord(a, control.firstStep, () => a.i32(0));
      emitAwaitLeaving(a);
    }),
  );
  m.export(
    "start",
    m.addFunction("start", { params: ["i32", "i32"], results: [] }, (a) => {
      for (const local of [0, 1]) a.get(local);
      a.i32(1);
      a.op("call", open);
    }),
  );
  const join = m.addFunction("join", { params: [], results: ["i32"] }, (a) => emitJoin(a, phases));
  m.export("join", join);
  m.export(
    "work",
    m.addFunction("work", { params: ["i32", "i32"], results: [] }, (a) => emitWork(a, phases, finished)),
  );
  return m;
}

function loadWord(a: FunctionAssembler, address: number): void {
  a.i32(address);
  a.op("i32.atomic.load", 2, 0);
}

function storeWord(a: FunctionAssembler, address: number, value: () => void): void {
  a.i32(address);
  value();
  a.op("i32.atomic.store", 2, 0);
}

function addToWord(a: FunctionAssembler, address: number, value: number): void {
  a.i32(address);
  a.i32(value);
  a.op("i32.atomic.rmw.add", 2, 0);
  a.op("drop");
}

function loadField(a: FunctionAssembler, step: number, field: number): void {
  a.get(step);
  a.op("i32.load", 2, field);
}

function increment(a: FunctionAssembler, local: number, by: number): void {
  a.get(local);
  a.i32(by);
  a.op("i32.add");
  a.set(local);
}

function callKernel(a: FunctionAssembler, kernelType: number, step: number, begin: () => void, end: () => void): void {
  loadField(a, step, stepRecord.operands);
  begin();
  end();
  loadField(a, step, stepRecord.function);
  a.op("call_indirect", kernelType);
}

function emitRunAlone(a: FunctionAssembler, kernelType: number): void {
  const [step, end] = [0, 1];
  a.block(() =>
    a.loop(() => {
      a.get(step);
      a.get(end);
      a.op("i32.ge_u");
      a.op("br_if", 1);
      callKernel(
        a,
        kernelType,
        step,
        () => a.i32(0),
        () => loadField(a, step, stepRecord.tasks),
      );
      increment(a, step, stepRecord.byteLength);
      a.op("br", 0);
    }),
  );
}

/**
 * Takes tasks of all phases. The leader returns when everything has ended; others may leave the last phase as soon as it
 * has no tasks left, and get 1 if theirs was its last task.
 */
function emitRunPhases(a: FunctionAssembler, kernelType: number): void {
  const [step, end, mayWait, leader] = [0, 1, 2, 3];
  const [phase, total, mine, task, tasks, done, spins] = Array.from({ length: 7 }, () => a.local("i32"));
  a.loop(() => {
    a.get(step);
    a.set(phase);
    for (const local of [total, mine]) {
      a.i32(0);
      a.set(local);
    }
    a.loop(() => {
      // Claim the step's tasks one by one.
      loadField(a, step, stepRecord.tasks);
      a.op("local.tee", tasks);
      a.get(total);
      a.op("i32.add");
      a.set(total);
      a.block(() =>
        a.loop(() => {
          a.get(step);
          a.i32(1);
          a.op("i32.atomic.rmw.add", 2, stepRecord.next);
          a.op("local.tee", task);
          a.get(tasks);
          a.op("i32.ge_u");
          a.op("br_if", 1);
          callKernel(
            a,
            kernelType,
            step,
            () => a.get(task),
            () => {
              a.get(task);
              a.i32(1);
              a.op("i32.add");
            },
          );
          increment(a, mine, 1);
          a.op("br", 0);
        }),
      );
      increment(a, step, stepRecord.byteLength);
      // The next step belongs to the phase unless it has a barrier.
      a.get(step);
      a.get(end);
      a.op("i32.lt_u");
      a.if(() => {
        loadField(a, step, stepRecord.barrier);
        a.op("i32.eqz");
        a.op("br_if", 1);
      });
    });
    a.get(mine);
    a.if(() => {
      a.get(phase);
      a.get(mine);
      a.op("i32.atomic.rmw.add", 2, stepRecord.done);
      a.get(mine);
      a.op("i32.add");
      a.get(total);
      a.op("i32.eq");
      a.if(() => {
        loadWord(a, control.waiters);
        a.if(() => {
          a.get(phase);
          a.i32(-1);
          a.op("memory.atomic.notify", 2, stepRecord.done);
          a.op("drop");
        });
        a.get(step);
        a.get(end);
        a.op("i32.lt_u");
        a.op("br_if", 2);
        a.i32(1);
        a.op("return");
      });
    });
    a.get(step);
    a.get(end);
    a.op("i32.ge_u");
    a.get(leader);
    a.op("i32.eqz");
    a.op("i32.and");
    a.if(() => {
      a.i32(0);
      a.op("return");
    });
    emitWaitForPhase(a, { phase, total, mayWait, done, spins });
    a.get(step);
    a.get(end);
    a.op("i32.lt_u");
    a.op("br_if", 0);
  });
  a.i32(0);
}

/** Traps where a kernel has trapped on any thread: the run cannot end. */
function emitTrapIfFailed(a: FunctionAssembler): void {
  loadWord(a, control.failed);
  a.if(() => a.op("unreachable"));
}

/** Looks at the phase's count of tasks done until it is `total`; sleeps after a while where the thread may. */
function emitWaitForPhase(
  a: FunctionAssembler,
  { phase, total, mayWait, done, spins }: Readonly<Record<"phase" | "total" | "mayWait" | "done" | "spins", number>>,
): void {
  a.i32(0);
  a.set(spins);
  a.block(() =>
    a.loop(() => {
      a.get(phase);
      a.op("i32.atomic.load", 2, stepRecord.done);
      a.op("local.tee", done);
      a.get(total);
      a.op("i32.ge_u");
      a.op("br_if", 1);
      emitTrapIfFailed(a);
      increment(a, spins, 1);
      a.get(spins);
      a.i32(spinRounds);
      a.op("i32.lt_u");
      a.get(mayWait);
      a.op("i32.eqz");
      a.op("i32.or");
      a.op("br_if", 0);
      // Who makes `done` complete looks at `waiters` afterwards; what was read before it rose is compared again by the wait.
      addToWord(a, control.waiters, 1);
      a.get(phase);
      a.get(done);
      a.op("i64.const", sleepNanoseconds);
      a.op("memory.atomic.wait32", 2, stepRecord.done);
      a.op("drop");
      addToWord(a, control.waiters, -1);
      a.op("br", 0);
    }),
  );
}

/**
 * Waits until all workers have left a run whose `firstStep` is taken back. Nobody may look at the steps any more when a
 * run returns: they may be run again, and their memory may become another program's.
 */
function emitAwaitLeaving(a: FunctionAssembler): void {
  a.loop(() => {
    emitTrapIfFailed(a);
    loadWord(a, control.active);
    a.op("br_if", 0);
  });
}

/** Resets the steps' counters and tells the workers. */
function emitOpen(a: FunctionAssembler): void {
  const [first, end, asynchronous] = [0, 1, 2];
  const step = a.local("i32");
  a.get(first);
  a.set(step);
  a.loop(() => {
    for (const field of [stepRecord.next, stepRecord.done]) {
      a.get(step);
      a.i32(0);
      a.op("i32.atomic.store", 2, field);
    }
    increment(a, step, stepRecord.byteLength);
    a.get(step);
    a.get(end);
    a.op("i32.lt_u");
    a.op("br_if", 0);
  });
  storeWord(a, control.endStep, () => a.get(end));
  storeWord(a, control.asynchronous, () => a.get(asynchronous));
  storeWord(a, control.firstStep, () => a.get(first));
  addToWord(a, control.epoch, 1);
  loadWord(a, control.sleepers);
  a.if(() => {
    a.i32(control.epoch);
    a.i32(-1);
    a.op("memory.atomic.notify", 2, 0);
    a.op("drop");
  });
}

/** Pushes 1 if this thread ended the run, and closes it then. */
function emitTakePart(a: FunctionAssembler, phases: number, first: number, mayWait: number): void {
  a.get(first);
  loadWord(a, control.endStep);
  a.i32(mayWait);
  a.i32(0);
  a.op("call", phases);
}

function emitJoin(a: FunctionAssembler, phases: number): void {
  const [first, ended] = [a.local("i32"), a.local("i32")];
  loadWord(a, control.firstStep);
  a.op("local.tee", first);
  a.if(() => {
    emitTakePart(a, phases, first, 0);
    a.op("local.tee", ended);
    a.if(() => storeWord(a, control.firstStep, () => a.i32(0)));
    // The run is over when whoever ended it has closed it.
    a.loop(() => {
      emitTrapIfFailed(a);
      loadWord(a, control.firstStep);
      a.op("br_if", 0);
    });
  });
  emitAwaitLeaving(a);
  a.get(ended);
}

function emitWork(a: FunctionAssembler, phases: number, finished: number): void {
  const [worker, known] = [0, 1];
  const [seen, epoch, first, ended, spins] = Array.from({ length: 5 }, () => a.local("i32"));
  const leaveIfNews = (depth: number): void => {
    loadWord(a, control.news);
    a.get(known);
    a.op("i32.ne");
    a.op("br_if", depth);
  };
  a.i32(-1);
  a.set(seen);
  a.block(() =>
    a.loop(() => {
      leaveIfNews(1);
      loadWord(a, control.epoch);
      a.op("local.tee", epoch);
      a.get(seen);
      a.op("i32.ne");
      a.if(() => {
        a.get(epoch);
        a.set(seen);
        for (const local of [spins, ended]) {
          a.i32(0);
          a.set(local);
        }
        addToWord(a, control.active, 1);
        a.block(() => {
          // In this order: the libraries of a program that is open here are news already, and stays open while `active` says so.
          loadWord(a, control.firstStep);
          a.op("local.tee", first);
          a.op("i32.eqz");
          a.op("br_if", 0);
          leaveIfNews(0);
          a.get(worker);
          a.op("i32.eqz");
          loadWord(a, control.asynchronous);
          a.op("i32.eqz");
          a.op("i32.and");
          a.op("br_if", 0);
          emitTakePart(a, phases, first, 1);
          loadWord(a, control.asynchronous);
          a.op("i32.and");
          a.set(ended);
        });
        addToWord(a, control.active, -1);
        a.get(ended);
        a.if(() => {
          storeWord(a, control.firstStep, () => a.i32(0));
          emitAwaitLeaving(a);
          a.op("call", finished);
        });
        a.op("br", 1);
      });
      increment(a, spins, 1);
      a.get(spins);
      a.i32(spinRounds);
      a.op("i32.lt_u");
      a.op("br_if", 0);
      addToWord(a, control.sleepers, 1);
      a.i32(control.epoch);
      a.get(epoch);
      a.op("i64.const", -1);
      a.op("memory.atomic.wait32", 2, 0);
      a.op("drop");
      addToWord(a, control.sleepers, -1);
      a.i32(0);
      a.set(spins);
      a.op("br", 0);
    }),
  );
}
