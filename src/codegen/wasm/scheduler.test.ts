import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import type { Step } from "../../kernel/engine.ts";
import { kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";
import { poolLayout, slotLayout } from "../scheduler/scheduler-layout.ts";
import { planStepTable, writeStepTable } from "../scheduler/step-table.ts";
import { wasmTargets } from "./wasm-targets.ts";
import { buildScheduler, poolAddress, type SchedulerExports } from "./scheduler.ts";

const limits: MemoryLimits = { minimum: 1, maximum: 1, shared: true };
const program = 32768;
const places = { word: 4, threads: 2, scratchStride: 0 };
const k = new KernelBuilder("task", wasmTargets["wasm-simd"]);
const steps: readonly Step[] = [{ kernel: k.build({ key: "task" }), operands: [], barrier: false }];
const table = planStepTable(steps, places);
const range = [program, program + table.stepAt(0), program + table.stepAt(1), program + table.lastGroup] as const;
/** Workers inside the only slot. */
const active = (poolAddress + poolLayout.slots + slotLayout.active) / 4;

/** A program of one step that calls `kernel`, in memory that other threads may have too. */
function oneStep(kernel: () => void): { scheduler: SchedulerExports; words: Int32Array } {
  const memory = new WebAssembly.Memory({ initial: limits.minimum, maximum: limits.maximum, shared: limits.shared });
  const functions = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const kernels = new ModuleBuilder();
  kernels.importMemory("env", "memory", limits);
  kernels.importTable("env", "table");
  kernels.addElements(0, [kernels.importFunction("env", "kernel", kernelFunctionType)]);
  const env = { memory, table: functions, kernel, finished: () => {} };
  void new WebAssembly.Instance(new WebAssembly.Module(kernels.encode()), { env });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(buildScheduler(limits).encode()), { env });
  const words = new Int32Array(memory.buffer);
  const addresses = { at: (offset: number) => program + offset, kernel: () => 0, operand: () => 0, scratch: 0 };
  writeStepTable<number>(steps, table, places, addresses, (offset, value) => (words[(program + offset) / 4] = value));
  return { scheduler: instance.exports as unknown as SchedulerExports, words };
}

/** Stands for a worker that the system stops inside a run, which it leaves 30 ms after the kernel has begun. */
async function lateWorker(words: Int32Array): Promise<{ enter(): void; worker: Worker }> {
  const at = active;
  const source = `
    const { workerData: words, parentPort } = require("node:worker_threads");
    parentPort.postMessage("ready");
    Atomics.wait(words, ${at}, 0);
    setTimeout(() => Atomics.store(words, ${at}, 0), 30);
  `;
  const worker = new Worker(source, { eval: true, workerData: words });
  await new Promise((resolve) => worker.once("message", resolve));
  return {
    worker,
    enter: () => {
      Atomics.store(words, at, 1);
      Atomics.notify(words, at);
    },
  };
}

// Its memory may become another program's at once: a worker that still claims tasks there takes those of that one.
it("returns from a run when all workers have left it", async () => {
  let enter = (): void => {};
  let calls = 0;
  const { scheduler, words } = oneStep(() => {
    calls++;
    enter();
  });
  const late = await lateWorker(words);
  ({ enter } = late);
  scheduler.run(poolAddress, ...range, 1);
  expect(calls).toBe(1);
  expect(Atomics.load(words, active)).toBe(0);
  await late.worker.terminate();
});

it("joins an asynchronous run until all workers have left it", async () => {
  let enter = (): void => {};
  const { scheduler, words } = oneStep(() => enter());
  const late = await lateWorker(words);
  ({ enter } = late);
  scheduler.start(poolAddress, ...range);
  expect(scheduler.join(poolAddress, 1)).toBe(1);
  expect(Atomics.load(words, active)).toBe(0);
  expect(scheduler.join(poolAddress, 1)).toBe(0);
  await late.worker.terminate();
});
