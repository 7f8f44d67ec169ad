import { heapLimit } from "#platform/memory";
import { VintnerError } from "../common/errors.ts";

/**
 * What the objects of one decoded file may take of the heap. Formats spend two bytes on an object that takes hundreds, so that a small
 * file could fill the heap, which ends the process. What exporters write stays far below: a thousand nodes take one megabyte.
 */
const mostBytes = 2 ** 30;

/** Counts what decoding makes, by its size in the heap as far as it can be told before. */
export class ObjectBudget {
  readonly #where: string;
  readonly #most = Math.min(mostBytes, heapLimit() / 3);
  #left = this.#most;

  constructor(where: string) {
    this.#where = where;
  }

  /** How much is left. */
  get left(): number {
    return this.#left;
  }

  /** Throws FORMAT where nothing is left. */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0)
      throw new VintnerError("FORMAT", {
        what: "decoding the file would take too many objects",
        where: this.#where,
        expected: `at most ${Math.floor(this.#most / 1e6)} MB of them`,
        hint: "It is damaged, or made to exhaust memory",
      });
  }
}
