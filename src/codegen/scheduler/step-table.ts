import type { Step } from "../../kernel/engine.ts";
import { headerFields, lineBytes, shareFields, stepFields, stepLines } from "./scheduler-layout.ts";

/** Chunks of a thread's share of a step: enough that an uneven end costs little. */
const chunksPerThread = 8;

/** A program as the scheduler reads it: where its parts lie, from the beginning of its memory on. */
export interface StepTable {
  readonly byteLength: number;
  /** Byte offset of a step; of what is behind the last one. */
  stepAt(index: number): number;
  /** Byte offset of the first step whose end a run of all steps has to wait for. */
  readonly lastGroup: number;
}

/** What the table points to. */
export interface StepPlaces {
  /** Bytes of a word. */
  readonly word: number;
  readonly threads: number;
  /** Bytes between the threads' scratch memory. */
  readonly scratchStride: number;
}

/** How a program's table is laid out. The same for all programs of these steps' numbers of tasks and operands. */
export function planStepTable(steps: readonly Step[], { word, threads }: StepPlaces): StepTable {
  const stepBytes = stepLines.shares + threads * lineBytes;
  const stepAt = (index: number): number => lineBytes + index * stepBytes;
  const operands = steps.reduce((n, s) => n + s.operands.length, 0);
  let lastGroup = 0;
  for (const [i, { barrier }] of steps.entries()) if (barrier && i > 0) lastGroup = i;
  return { byteLength: stepAt(steps.length) + operands * word, stepAt, lastGroup: stepAt(lastGroup) };
}

/** Writes a table. `put` writes a word at an offset; addresses are numbers, or bigints where they may be large. */
export function writeStepTable<Address extends number | bigint>(
  steps: readonly Step[],
  table: StepTable,
  { word, threads, scratchStride }: StepPlaces,
  addresses: {
    /** Of a place in the table. */
    at(offset: number): Address;
    kernel(step: number): Address;
    operand(step: number, operand: number): Address;
    readonly scratch: Address;
  },
  put: (offset: number, value: number | Address) => void,
): void {
  const header = (field: keyof typeof headerFields, value: number | Address): void => put(headerFields[field] * word, value);
  header("threads", threads);
  header("stepBytes", table.stepAt(1) - table.stepAt(0));
  header("scratch", addresses.scratch);
  header("scratchStride", scratchStride);
  let operandsAt = table.stepAt(steps.length);
  let group = 0;
  for (const [i, { kernel, operands, barrier }] of steps.entries()) {
    const at = table.stepAt(i);
    const field = (name: keyof typeof stepFields, value: number | Address): void => put(at + stepFields[name] * word, value);
    field("kernel", addresses.kernel(i));
    field("operands", addresses.at(operandsAt));
    field("tasks", kernel.tasks);
    field("chunk", Math.max(1, Math.floor(kernel.tasks / (threads * chunksPerThread))));
    for (let t = 0; t < threads; t++) {
      const share = at + stepLines.shares + t * lineBytes;
      put(share + shareFields.begin * word, Math.floor((kernel.tasks * t) / threads));
      put(share + shareFields.end * word, Math.floor((kernel.tasks * (t + 1)) / threads));
    }
    if (barrier && i > 0) {
      field("group", addresses.at(table.stepAt(group)));
      group = i;
    }
    for (const o of operands.keys()) {
      put(operandsAt, addresses.operand(i, o));
      operandsAt += word;
    }
  }
}
