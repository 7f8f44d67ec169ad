import { invariant } from "../../common/errors.ts";
import { registerSetBy, registersReadBy } from "../../kernel/for-each-statement.ts";
import type { Kernel, Register, Statement } from "../../kernel/kernel.ts";

/** How often and where a kernel's registers are read, by statements whose results matter. */
export class RegisterUses {
  readonly #kernel: Kernel;
  readonly #reads = new Map<number, number>();
  /** The block of a register's first read: where there is but one, the only. */
  readonly #readBlocks = new Map<number, readonly Statement[]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#count(kernel.body);
  }

  /** Reads of a register; 0 where nothing that matters reads it. */
  reads({ id }: Register): number {
    return this.#reads.get(id) ?? 0;
  }
  /** Whether a register is read once, by a statement of this block. */
  isReadOnceIn(block: readonly Statement[], { id }: Register): boolean {
    return this.#reads.get(id) === 1 && this.#readBlocks.get(id) === block;
  }

  /** Backwards, since a value is read after it is set; mutable registers always matter. */
  #count(block: readonly Statement[]): void {
    for (const s of block.toReversed())
      if (s.kind === "for") this.#count(s.body);
      else if (s.kind === "if") {
        this.#count(s.otherwise);
        this.#count(s.then);
      } else {
        const target = registerSetBy(s);
        invariant((target?.lanes ?? 1) <= 4, `kernel ${this.#kernel.name}: ${target?.lanes} lanes in a 128-bit vector`);
        if (target && !target.mutable && !this.#reads.has(target.id)) continue;
        for (const { id } of registersReadBy(s)) {
          this.#reads.set(id, (this.#reads.get(id) ?? 0) + 1);
          this.#readBlocks.set(id, block);
        }
      }
  }
}
