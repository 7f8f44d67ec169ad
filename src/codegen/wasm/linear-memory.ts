import { VintnerError } from "../../common/errors.ts";
import type { Memory } from "../../kernel/engine.ts";
import type { MemoryLimits } from "./module-builder.ts";
import { reservedBytes } from "./running-pointers.ts";

const pageBytes = 65536;
const alignment = 64;
/** Least growth at a time, in pages. */
const growthPages = 16;

interface Range {
  offset: number;
  length: number;
}

/** A block of a LinearMemory. */
export class LinearBlock implements Memory {
  readonly offset: number;
  readonly byteLength: number;
  readonly #memory: LinearMemory;
  #disposed = false;

  constructor(memory: LinearMemory, offset: number, byteLength: number) {
    this.#memory = memory;
    this.offset = offset;
    this.byteLength = byteLength;
  }
  isOf(memory: LinearMemory): boolean {
    return this.#memory === memory;
  }
  bytes(): Uint8Array {
    return new Uint8Array(this.#memory.memory.buffer, this.offset, this.byteLength);
  }
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#memory.free(this.offset, this.byteLength);
  }
}

/**
 * One growable WebAssembly memory and its free ranges. Declared with as large a maximum as the engine reserves addresses
 * for: engines then catch stray accesses by guard pages instead of comparisons in the code.
 */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly limits: MemoryLimits;
  /** Sorted by offset, none adjacent. */
  readonly #freeRanges: Range[] = [];
  /** Bytes from here on were never given out and are zero. */
  #fresh = reservedBytes;
  #end = reservedBytes;

  constructor(shared: boolean) {
    for (const maximum of [65536, 32768, 16384, 4096]) {
      const limits = { minimum: reservedBytes / pageBytes, maximum, shared };
      const memory = createMemory(limits);
      if (!memory) continue;
      this.limits = limits;
      this.memory = memory;
      return;
    }
    throw new VintnerError("OUT_OF_MEMORY", { what: "no address space for a WebAssembly memory" });
  }

  /** Most bytes that it can grow to. */
  get capacity(): number {
    return this.limits.maximum * pageBytes;
  }

  allocate(byteLength: number): LinearBlock {
    const length = Math.max(alignment, Math.ceil(byteLength / alignment) * alignment);
    if (!Number.isSafeInteger(byteLength) || byteLength < 0 || length > this.capacity) throw outOfMemory(byteLength);
    let best = -1;
    for (const [i, range] of this.#freeRanges.entries())
      if (range.length >= length && (best < 0 || range.length < this.#freeRanges[best].length)) best = i;
    if (best < 0) {
      this.#grow(length, byteLength);
      best = this.#freeRanges.length - 1;
    }
    const range = this.#freeRanges[best];
    const { offset } = range;
    range.offset += length;
    range.length -= length;
    if (range.length === 0) this.#freeRanges.splice(best, 1);
    const used = Math.min(offset + length, this.#fresh);
    if (used > offset) new Uint8Array(this.memory.buffer, offset, used - offset).fill(0);
    this.#fresh = Math.max(this.#fresh, offset + length);
    return new LinearBlock(this, offset, byteLength);
  }

  free(offset: number, byteLength: number): void {
    this.#addFree({ offset, length: Math.max(alignment, Math.ceil(byteLength / alignment) * alignment) });
  }

  #grow(length: number, byteLength: number): void {
    const last = this.#freeRanges.at(-1);
    const missing = length - (last && last.offset + last.length === this.#end ? last.length : 0);
    const pages = Math.max(growthPages, Math.ceil(missing / pageBytes));
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw outOfMemory(byteLength, cause);
    }
    this.#addFree({ offset: this.#end, length: pages * pageBytes });
    this.#end += pages * pageBytes;
  }

  #addFree(range: Range): void {
    const ranges = this.#freeRanges;
    const after = ranges.findIndex((r) => r.offset > range.offset);
    const at = after < 0 ? ranges.length : after;
    ranges.splice(at, 0, range);
    this.#merge(at);
    if (at > 0) this.#merge(at - 1);
  }

  /** Joins a range with the next one if they touch. */
  #merge(at: number): void {
    const [range, next] = [this.#freeRanges[at], this.#freeRanges[at + 1]];
    if (next === undefined || range.offset + range.length !== next.offset) return;
    range.length += next.length;
    this.#freeRanges.splice(at + 1, 1);
  }
}

function createMemory({ minimum, maximum, shared }: MemoryLimits): WebAssembly.Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: minimum, maximum, shared });
  } catch {
    return undefined;
  }
}

function outOfMemory(byteLength: number, cause?: unknown): VintnerError {
  return new VintnerError(
    "OUT_OF_MEMORY",
    { what: `${byteLength} bytes cannot be allocated in WebAssembly's memory of at most 4 GiB` },
    { cause },
  );
}
