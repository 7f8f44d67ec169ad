import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";
import { buildScheduler, type SchedulerExports } from "./scheduler.ts";
import { control, stepRecord } from "./scheduler-layout.ts";

const limits: MemoryLimits = { minimum: 1, maximum: 1, shared: true };
const step = 1024;

/** A program of one step that calls `kernel`, in memory that other threads may have too. */
function oneStep(kernel: () => void): { scheduler: SchedulerExports; words: Int32Array } {
  const memory = new WebAssembly.Memory({ initial: limits.minimum, maximum: limits.maximum, shared: limits.shared });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const kernels = new ModuleBuilder();
  kernels.importMemory("env", "memory", limits);
  kernels.importTable("env", "table");
  kernels.addElements(0, [kernels.importFunction("env", "kernel", kernelFunctionType)]);
  const env = { memory, table, kernel, finished: () => {} };
  void new WebAssembly.Instance(new WebAssembly.Module(kernels.encode()), { env });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(buildScheduler(limits).encode()), { env });
  const words = new Int32Array(memory.buffer);
  words[(step + stepRecord.tasks) / 4] = 1;
  return { scheduler: instance.exports as unknown as SchedulerExports, words };
}

/** Stands for a worker that the system stops inside a run, which it leaves 30 ms after the kernel has begun. */
async function lateWorker(words: Int32Array): Promise<{ enter(): void; worker: Worker }> {
  const at = control.active / 4;
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
  scheduler.run(step, step + stepRecord.byteLength, 1);
  expect(calls).toBe(1);
  expect(Atomics.load(words, control.active / 4)).toBe(0);
  await late.worker.terminate();
});

it("joins an asynchronous run until all workers have left it", async () => {
  let enter = (): void => {};
  const { scheduler, words } = oneStep(() => enter());
  const late = await lateWorker(words);
  ({ enter } = late);
  scheduler.start(step, step + stepRecord.byteLength);
  expect(scheduler.join()).toBe(1);
  expect(Atomics.load(words, control.active / 4)).toBe(0);
  expect(scheduler.join()).toBe(0);
  await late.worker.terminate();
});
