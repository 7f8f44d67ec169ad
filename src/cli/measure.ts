import type { ProfilingEntry } from "../devices/device.ts";
import { AsyncInferQueue } from "../runtime/async-infer-queue.ts";
import type { CompiledModel } from "../runtime/compiled-model.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface MeasureOptions {
  readonly api: "sync" | "async";
  /** Requests of the async API; absent: as many as the device advises. */
  readonly requests: number | undefined;
  /** How many inferences; absent: as many as fit in `seconds`. */
  readonly inferences: number | undefined;
  readonly seconds: number;
  readonly update: (text: string) => void;
}

export interface Measurement {
  /** Milliseconds of each inference. */
  readonly times: number[];
  /** Milliseconds of all. */
  readonly milliseconds: number;
  readonly requests: number;
  /** Steps of the last inference. */
  readonly profile: readonly ProfilingEntry[];
}

/** Between two looks at the event loop and words of progress, in milliseconds. */
const breath = 200;

/** Runs a compiled model for a time or a number of inferences, after one that does not count. */
export async function measure(compiled: CompiledModel, inputs: readonly Tensor[], options: MeasureOptions): Promise<Measurement> {
  return options.api === "sync" ? measureSync(compiled, inputs, options) : measureAsync(compiled, inputs, options);
}

async function measureSync(compiled: CompiledModel, inputs: readonly Tensor[], options: MeasureOptions): Promise<Measurement> {
  const request = compiled.createInferRequest();
  request.infer(inputs);
  const times: number[] = [];
  const start = performance.now();
  for (let now = start, paused = start; times.length === 0 || !isDone(times.length, now - start, options);) {
    request.infer();
    const end = performance.now();
    times.push(end - now);
    now = end;
    if (now - paused > breath) {
      options.update(`${times.length} inferences`);
      await new Promise((resume) => setTimeout(resume));
      paused = now = performance.now();
    }
  }
  const milliseconds = times.reduce((sum, time) => sum + time, 0);
  return { times, milliseconds, requests: 1, profile: request.getProfilingInfo() };
}

async function measureAsync(compiled: CompiledModel, inputs: readonly Tensor[], options: MeasureOptions): Promise<Measurement> {
  const queue = new AsyncInferQueue<undefined>(compiled, options.requests);
  await Promise.all(Array.from({ length: queue.jobs }, () => queue.startAsync(inputs)));
  const times: number[] = [];
  let profile: readonly ProfilingEntry[] = [];
  queue.setCallback((error, request) => {
    if (error) throw error;
    profile = request.getProfilingInfo();
  });
  let started = 0;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (started === 0 || !isDone(started, performance.now() - start, options)) {
      started++;
      const begin = performance.now();
      await queue.startAsync(inputs);
      times.push(performance.now() - begin);
      options.update(`${times.length} inferences`);
    }
  };
  await Promise.all(Array.from({ length: queue.jobs }, lane));
  const milliseconds = performance.now() - start;
  queue.release();
  return { times, milliseconds, requests: queue.jobs, profile };
}

const isDone = (count: number, milliseconds: number, { inferences, seconds }: MeasureOptions): boolean =>
  inferences === undefined ? milliseconds >= seconds * 1000 : count >= inferences;

/** Median, average, least and largest. */
export function latencies(times: readonly number[]): { median: number; average: number; min: number; max: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    median: sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    average: times.reduce((sum, time) => sum + time, 0) / times.length,
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}
