import { VintnerError } from "../common/errors.ts";

/** Frees something once: at `dispose`, or, where inferences use it then, as the last of them ends. */
export class Lifetime {
  readonly #what: string;
  readonly #free: () => void;
  #uses = 0;
  #ended = false;

  /** `what` names it in errors. */
  constructor(what: string, free: () => void) {
    this.#what = what;
    this.#free = free;
  }

  /** Throws INVALID_ARGUMENT after `dispose`. */
  check(): void {
    if (this.#ended) throw new VintnerError("INVALID_ARGUMENT", { what: `${this.#what} has been disposed of` });
  }

  /** To be followed by `leave`. */
  enter(): void {
    this.#uses++;
  }

  leave(): void {
    if (--this.#uses === 0 && this.#ended) this.#free();
  }

  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#uses === 0) this.#free();
  }
}
