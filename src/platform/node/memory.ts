import { totalmem } from "node:os";
import process from "node:process";
// It only tells: no flag is set.
// oxlint-disable-next-line no-restricted-imports
import { getHeapStatistics } from "node:v8";

let limit: number | undefined;

/** Bytes that this process may ever hold: the machine's memory, or what a container allows of it. */
export function memoryLimit(): number {
  if (limit === undefined) {
    // Where nothing constrains it, this is 0 or far beyond the machine's memory, depending on the version of Node.js.
    const constrained = process.constrainedMemory();
    limit = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
  }
  return limit;
}

/** Bytes that JavaScript's own objects may take. A heap that is full ends the process. */
export const heapLimit = (): number => getHeapStatistics().heap_size_limit;
