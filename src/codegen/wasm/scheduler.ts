import { poolLayout } from "../scheduler/scheduler-layout.ts";
import { schedulerRoutines } from "../scheduler/scheduler.ts";
import type { SchedulerOptions } from "../scheduler/scheduler-writer.ts";
import { emitRoutine, routineType } from "./emit-routine.ts";
import { kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";

/** An engine has one run at a time. A round of looking takes about ten nanoseconds. */
export const schedulerOptions: SchedulerOptions = { word: 4, slots: 1, spinRounds: 20_000, idleRounds: 20_000, isHosted: true };

/** Where the pool's state lies: in memory that is given to nobody. */
export const poolAddress = 64;

/** Words of the pool's state that JavaScript reads and writes, as indices of an Int32Array. */
export const poolWord = (field: "epoch" | "news" | "failed" | "wanted"): number => (poolAddress + poolLayout[field]) / 4;

/** What the scheduler's module exports: SchedulerRoutines. All but `runAlone` trap where a kernel has trapped on another thread. */
export interface SchedulerExports {
  runAlone(program: number, first: number, end: number): void;
  run(pool: number, program: number, first: number, end: number, lastGroup: number, mayWait: number): void;
  start(pool: number, program: number, first: number, end: number, lastGroup: number): void;
  join(pool: number, mayWait: number): number;
  work(pool: number, worker: number, known: number): void;
}

/** The scheduler as a module, one instance on each thread. */
export function buildScheduler(memory: MemoryLimits): ModuleBuilder {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", memory);
  m.importTable("env", "table");
  const tellHost = m.importFunction("env", "finished", { params: [], results: [] });
  const callees = { kernelType: m.typeIndex(kernelFunctionType), tellHost };
  const { runAlone, run, start, join, work } = schedulerRoutines(schedulerOptions);
  for (const routine of [runAlone, run, start, join, work])
    m.export(
      routine.name,
      m.addFunction(routine.name, routineType(routine), (a) => emitRoutine(routine, a, callees)),
    );
  return m;
}
