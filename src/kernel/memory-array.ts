import { VintnerError } from "../common/errors.ts";
import type { Operand, Step } from "./engine.ts";
import { type KernelBuffer, type MemoryElement, memoryElementBytes } from "./kernel.ts";

/** A buffer's elements as JavaScript sees them; f16 and bf16 as their bits, i64 as pairs of words, the lower first. */
export type MemoryArray = Float32Array | Int32Array | Uint16Array | Int16Array | Uint8Array | Int8Array;

const arrayTypes = {
  f32: Float32Array,
  i32: Int32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  i64: Int32Array,
} as const satisfies Record<MemoryElement, unknown>;

/** A view of `length` elements at an aligned byte offset of some bytes. */
export function memoryArray(element: MemoryElement, bytes: Uint8Array, byteOffset: number, length: number): MemoryArray {
  return new arrayTypes[element](bytes.buffer as ArrayBuffer, bytes.byteOffset + byteOffset, element === "i64" ? 2 * length : length);
}

/** Throws INTERNAL unless a step gives every buffer of its kernel an aligned place that holds it. */
export function checkStepOperands({ kernel, operands }: Step): void {
  if (operands.length !== kernel.buffers.length)
    throw new VintnerError("INTERNAL", {
      what: "wrong number of operands",
      where: `kernel "${kernel.name}"`,
      expected: `${kernel.buffers.length}`,
      got: `${operands.length}`,
    });
  for (const [i, buffer] of kernel.buffers.entries()) checkOperand(kernel.name, buffer, operands[i]);
}

/** The buffer must lie within the operand's own block, and that within the memory. */
function checkOperand(kernel: string, buffer: KernelBuffer, { memory, byteOffset, byteLength }: Operand): void {
  const size = memoryElementBytes[buffer.element];
  const isPlace = [byteOffset, byteLength].every((n) => Number.isSafeInteger(n) && n >= 0) && byteOffset + byteLength <= memory.byteLength;
  if (isPlace && byteOffset % size === 0 && buffer.length * size <= byteLength) return;
  throw new VintnerError("INTERNAL", {
    what: "the operand does not hold the buffer",
    where: `kernel "${kernel}", buffer "${buffer.name}"`,
    expected: `${buffer.length} x ${buffer.element} at a multiple of ${size}`,
    got: `${byteLength} bytes at ${byteOffset} of ${memory.byteLength}`,
  });
}
