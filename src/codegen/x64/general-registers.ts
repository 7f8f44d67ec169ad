import type { Assembler, Memory } from "./assembler.ts";

/** Numbers of the general registers that have a role of their own. */
export const rax = 0;
export const rcx = 1;
export const rdx = 2;
export const rsp = 4;
export const rsi = 6;
export const rdi = 7;

/** rax, rcx and rdx are scratch. */
const allocatable = [3, 6, 7, 8, 9, 10, 11, 14, 15, 5, 13, 12];

/** A 64-bit value of the loop nest: a pointer, a counter, a bound, an index. */
export interface General {
  readonly name: string;
}

type Place = { readonly register: number } | { readonly slot: number };

export interface Entry {
  readonly promoted: readonly { readonly value: General; readonly before: Place | undefined; readonly register: number }[];
  readonly evicted: readonly { readonly value: General; readonly register: number; readonly slot: number }[];
}

/**
 * General registers for a structured nest. Each value is in a register or in a stack slot. Where a loop begins, the
 * values that it uses most move into registers, others make room; where it ends, all is as before.
 */
export class GeneralRegisters {
  readonly #assembler: Assembler;
  readonly #slotBase: number;
  readonly #places = new Map<General, Place>();
  readonly #free: number[] = [...allocatable];
  readonly #freeSlots: number[] = [];
  #slots = 0;

  /** `slotBase`: bytes of the frame below the slots. */
  constructor(assembler: Assembler, slotBase: number) {
    this.#assembler = assembler;
    this.#slotBase = slotBase;
  }

  get frameBytes(): number {
    return this.#slotBase + this.#slots * 8;
  }

  newSlot(): number {
    return this.#freeSlots.pop() ?? this.#slots++;
  }
  freeSlot(slot: number): void {
    this.#freeSlots.push(slot);
  }
  slotMemory(slot: number): Memory {
    return { base: rsp, displacement: this.#slotBase + slot * 8 };
  }

  /** A register number or the memory of the slot: what an instruction's operand may be. */
  operand(value: General): number | Memory {
    const place = this.#places.get(value);
    if (place === undefined) throw new RangeError(`${value.name} has no place`);
    return "register" in place ? place.register : this.slotMemory(place.slot);
  }
  has(value: General): boolean {
    return this.#places.has(value);
  }
  /** The value in a register: its own, or the scratch register given. */
  inRegister(value: General, scratch: number): number {
    const operand = this.operand(value);
    if (typeof operand === "number") return operand;
    this.#assembler.op("mov", 128, [scratch, operand]);
    return scratch;
  }

  /** A place for a value from here to `release`; no value yet. */
  define(value: General): void {
    const register = this.#free.shift();
    this.#places.set(value, register === undefined ? { slot: this.newSlot() } : { register });
  }
  defineInSlot(value: General): void {
    this.#places.set(value, { slot: this.newSlot() });
  }
  release(value: General): void {
    const place = this.#places.get(value);
    if (place === undefined) return;
    this.#places.delete(value);
    if ("register" in place) this.#free.unshift(place.register);
    else this.freeSlot(place.slot);
  }

  /** At the start of a loop: `weights` say how often it uses what. Values without a place get one, with no value. */
  enter(weights: ReadonlyMap<General, number>): Entry {
    const promoted: { value: General; before: Place | undefined; register: number }[] = [];
    const evicted: { value: General; register: number; slot: number }[] = [];
    const missing = [...weights].filter(([value]) => !("register" in (this.#places.get(value) ?? {}))).toSorted(([, a], [, b]) => b - a);
    for (const [value, weight] of missing) {
      const before = this.#places.get(value);
      let register = this.#free.shift();
      if (register === undefined) {
        let least: General | undefined;
        for (const [holder, place] of this.#places)
          if (
            "register" in place &&
            (weights.get(holder) ?? 0) < weight &&
            (least === undefined || (weights.get(holder) ?? 0) < (weights.get(least) ?? 0))
          )
            least = holder;
        if (least !== undefined) {
          register = (this.#places.get(least) as { register: number }).register;
          const slot = this.newSlot();
          this.#assembler.op("mov.store", 128, [this.slotMemory(slot), register]);
          this.#places.set(least, { slot });
          evicted.push({ value: least, register, slot });
        }
      }
      if (register === undefined) {
        if (before === undefined) this.defineInSlot(value);
        continue;
      }
      if (before !== undefined) this.#assembler.op("mov", 128, [register, this.operand(value)]);
      this.#places.set(value, { register });
      promoted.push({ value, before, register });
    }
    return { promoted, evicted };
  }

  /** Whether the value that a promotion left in memory is what the value is again after the loop. */
  leave({ promoted, evicted }: Entry): void {
    for (const { value, before, register } of promoted.toReversed()) {
      this.#free.unshift(register);
      if (before === undefined) this.#places.delete(value);
      else this.#places.set(value, before);
    }
    for (const { value, register, slot } of evicted.toReversed()) {
      this.#assembler.op("mov", 128, [register, this.slotMemory(slot)]);
      this.#places.set(value, { register });
      this.#free.splice(this.#free.indexOf(register), 1);
      this.freeSlot(slot);
    }
  }
}
