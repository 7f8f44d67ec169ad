import { bfloat16ToNumber, numberToBfloat16 } from "../common/bfloat16.ts";
import { float16ToNumber, numberToFloat16 } from "../common/float16.ts";
import { integerRanges, type MemoryElement } from "./kernel.ts";

/** How one element is read into a lane and written from one. Words are moved as i32, so that the bits of a NaN survive. */
interface ElementAccess {
  /** The view of the register file that `read` gives numbers for and `write` takes numbers of. */
  readonly file: "f32" | "i32";
  readonly read: (memory: DataView, at: number) => number;
  readonly write: (memory: DataView, at: number, value: number) => void;
}

const readWord = (memory: DataView, at: number): number => memory.getInt32(at, true);
const writeWord = (memory: DataView, at: number, value: number): void => memory.setInt32(at, value, true);
const word: ElementAccess = { file: "i32", read: readWord, write: writeWord };
const write8 = (memory: DataView, at: number, value: number): void => memory.setInt8(at, value);
const write16 = (memory: DataView, at: number, value: number): void => memory.setInt16(at, value, true);

export const elementAccess: Readonly<Record<MemoryElement, ElementAccess>> = {
  f32: word,
  i32: word,
  f16: {
    file: "f32",
    read: (memory, at) => float16ToNumber(memory.getUint16(at, true)),
    write: (memory, at, value) => memory.setUint16(at, numberToFloat16(value), true),
  },
  bf16: {
    file: "f32",
    read: (memory, at) => bfloat16ToNumber(memory.getUint16(at, true)),
    write: (memory, at, value) => memory.setUint16(at, numberToBfloat16(value), true),
  },
  u8: { file: "i32", read: (memory, at) => memory.getUint8(at), write: write8 },
  i8: { file: "i32", read: (memory, at) => memory.getInt8(at), write: write8 },
  u16: { file: "i32", read: (memory, at) => memory.getUint16(at, true), write: write16 },
  i16: { file: "i32", read: (memory, at) => memory.getInt16(at, true), write: write16 },
  // For indices, which are clamped: beyond 2^53 the rounded number lies on the same side of every bound.
  i64: {
    file: "i32",
    read: (memory, at) => Number(memory.getBigInt64(at, true)),
    write: (memory, at, value) => memory.setBigInt64(at, BigInt(value), true),
  },
};

/** What a store that saturates writes. */
export function saturate(element: MemoryElement, value: number): number {
  const range = integerRanges[element];
  return range === undefined ? value : Math.max(range[0], Math.min(range[1], value));
}
