import { type Engine, operandIn } from "../../src/kernel/engine.ts";
import { type Kernel, memoryElementBytes } from "../../src/kernel/kernel.ts";
import { type MemoryArray, memoryArray } from "../../src/kernel/memory-array.ts";

/** Guard elements around each buffer, to see that a kernel writes nothing outside. */
const guard = 16;

/**
 * Runs a kernel once over copies of arrays, one for each buffer, and returns what they hold then. Throws if a byte beside
 * a buffer has changed.
 */
export function runKernel(engine: Engine, kernel: Kernel, arrays: readonly MemoryArray[]): MemoryArray[] {
  const memories = kernel.buffers.map((b, i) => {
    const memory = engine.allocate((b.length + 2 * guard) * memoryElementBytes[b.element]);
    memory.bytes().fill(0xa5);
    view(memory.bytes(), b, arrays[i].byteLength / memoryElementBytes[b.element]).set(arrays[i]);
    return memory;
  });
  const operands = memories.map((memory, i) => operandIn(memory, guard * memoryElementBytes[kernel.buffers[i].element]));
  const program = engine.program([{ kernel, operands, barrier: true }]);
  program.run();
  program.dispose();
  return kernel.buffers.map((b, i) => {
    const bytes = memories[i].bytes().slice();
    memories[i].dispose();
    const result = view(bytes, b, b.length);
    const from = guard * memoryElementBytes[b.element];
    const outside = [...bytes.subarray(0, from), ...bytes.subarray(from + result.byteLength)];
    if (outside.some((byte) => byte !== 0xa5)) throw new Error(`kernel ${kernel.name} wrote outside of buffer ${b.name}`);
    return result.slice();
  });
}

const view = (bytes: Uint8Array, { element }: Kernel["buffers"][number], length: number): MemoryArray =>
  memoryArray(element, bytes, guard * memoryElementBytes[element], length);
