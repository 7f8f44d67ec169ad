import { VintnerError } from "../common/errors.ts";

/** Bytes that are read in ranges: a file, or a piece of memory. */
export interface RandomAccess {
  /** For messages. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * The bytes of a range, by default all from `offset` on: a view on memory that has them already, else read now. Throws FORMAT where
   * the range leaves the file, FILE_ACCESS, OUT_OF_MEMORY.
   */
  read(offset?: number, length?: number): Uint8Array;
}

/** The range that `read` was asked for, checked against the size. Throws FORMAT. */
export function checkedRange({ name, size }: RandomAccess, offset: number, length = size - offset): number {
  if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0 && length <= size - offset) return length;
  throw new VintnerError("FORMAT", {
    what: "the file ends before what is read from it",
    where: name,
    expected: `at least ${offset + Math.max(length, 0)} bytes`,
    got: `${size}`,
    hint: "It is truncated, or belongs to another model",
  });
}

/** Bytes in memory; what is read are views on them. */
export function bytesInMemory(name: string, given: Uint8Array): RandomAccess {
  // A Buffer of Node.js is a Uint8Array whose `slice` copies nothing.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const file: RandomAccess = {
    name,
    size: bytes.byteLength,
    read(offset = 0, length) {
      return bytes.subarray(offset, offset + checkedRange(file, offset, length));
    },
  };
  return file;
}
