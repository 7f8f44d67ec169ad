import { memoryLimit } from "#platform/memory";
import { VintnerError } from "../common/errors.ts";
import { count, type Property } from "./property.ts";

/** Bytes in words: `1.50 GiB`. */
export function inUnits(bytes: number): string {
  const power = Math.max(0, Math.min(4, Math.floor(Math.log2(bytes) / 10)));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 2 ** (10 * power)).toPrecision(3)} ${["KiB", "MiB", "GiB", "TiB"][power - 1]}`;
}

/** The property that sets a budget. */
export const maxMemorySize: Property = count(
  "Most bytes that a compiled model takes, with the memory of its requests: arenas, constants, copies",
  1,
  () => memoryLimit(),
);

/** The memory that a compiled model may take, added up over its constants and requests. */
export class MemoryBudget {
  readonly limit: number;
  #taken = 0;

  constructor(limit: number = memoryLimit()) {
    this.limit = limit;
  }

  /** Bytes taken and not given back. */
  get taken(): number {
    return this.#taken;
  }

  /** Counts bytes before they are allocated, for `what`, as at a node. Throws OUT_OF_MEMORY where they are too many. */
  take(bytes: number, what: string, where: string | undefined): void {
    this.check(bytes, what, where);
    this.#taken += bytes;
  }

  /** Whether so many bytes could be taken. */
  holds(bytes: number): boolean {
    return this.#taken + bytes <= this.limit;
  }

  /** What `take` throws, without taking. */
  check(bytes: number, what: string, where: string | undefined): void {
    if (this.holds(bytes)) return;
    throw new VintnerError("OUT_OF_MEMORY", {
      what: `there is no room for ${what}`,
      ...(where !== undefined && { where }),
      expected: `at most ${inUnits(this.limit)}${this.#taken > 0 ? `, of which ${inUnits(this.#taken)} are taken` : ""}`,
      got: inUnits(bytes),
      hint: "Check the shapes that are given, or raise MAX_MEMORY_SIZE",
    });
  }

  /** Takes bytes and allocates with `make`; errors of that name the node, too. */
  allocate<T>(bytes: number, what: string, where: string | undefined, make: () => T): T {
    this.take(bytes, what, where);
    try {
      return make();
    } catch (cause) {
      this.give(bytes);
      if (!(cause instanceof VintnerError) || where === undefined || cause.details.where !== undefined) throw cause;
      throw new VintnerError(cause.code, { ...cause.details, where }, { cause });
    }
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
