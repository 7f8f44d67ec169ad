import type { AddressPlan, Pointer } from "../address-plan.ts";
import type { Assembler, Memory } from "./assembler.ts";
import { type General, type GeneralRegisters, rax, rcx } from "./general-registers.ts";
import type { Address } from "./machine.ts";
import type { ScalarArithmetic } from "./scalar-arithmetic.ts";

/** The drift of each pointer at some place of the code. */
export type Drifts = ReadonlyMap<Pointer, number>;

/** Drifts up to here leave room for displacements within 32 bits. */
const largestDrift = 2 ** 29;
const nowhere: ReadonlyMap<Pointer, number> = new Map();

/**
 * The pointers of a kernel in general registers or their slots. What is there may differ from the pointer by a known
 * number of bytes, its drift: a loop that ends leaves its total there, and displacements and the next advance take it in.
 */
export class PointerRegisters {
  readonly #assembler: Assembler;
  readonly #general: GeneralRegisters;
  readonly #scalars: ScalarArithmetic;
  readonly #values = new Map<Pointer, General>();
  readonly #drifts = new Map<Pointer, number>();

  constructor(assembler: Assembler, general: GeneralRegisters, scalars: ScalarArithmetic, plan: AddressPlan) {
    this.#assembler = assembler;
    this.#general = general;
    this.#scalars = scalars;
    for (const p of plan.pointers) this.#values.set(p, { name: `pointer ${p.id}` });
  }

  value(pointer: Pointer): General {
    return this.#values.get(pointer) as General;
  }
  drift(pointer: Pointer): number {
    return this.#drifts.get(pointer) as number;
  }
  drifts(): Drifts {
    return new Map(this.#drifts);
  }

  /** Gives a pointer its first value: `load` puts the buffer's start into a register, `advance` is the bytes for each unit of the task. */
  start(pointer: Pointer, load: (register: number) => void, task: General, advance: number): void {
    const place = this.#general.operand(this.value(pointer));
    const register = typeof place === "number" ? place : rax;
    load(register);
    if (advance !== 0) {
      this.#scalars.multiply(rcx, this.#general.operand(task), advance);
      this.#assembler.op("add", 128, [register, rcx]);
    }
    this.#scalars.addImmediate(register, pointer.origin + pointer.buffer.byteOffset);
    if (typeof place !== "number") this.#assembler.op("mov.store", 128, [place, register]);
    this.#drifts.set(pointer, 0);
  }

  /** The memory of an access; rax is lost where the pointer is in a slot. */
  memory({ pointer, displacement, broadcast }: Omit<Address, "kind">): Memory {
    const base = this.#general.inRegister(this.value(pointer), rax);
    return { base, displacement: displacement - this.drift(pointer), broadcast };
  }

  /** pointer += bytes * rax; rcx is lost. */
  advanceByRax(pointer: Pointer, bytes: number): void {
    this.#scalars.multiply(rcx, rax, bytes);
    const place = this.#general.operand(this.value(pointer));
    if (typeof place === "number") this.#assembler.op("add", 128, [place, rcx]);
    else this.#assembler.op("add.mr", 128, [place, rcx]);
  }

  /** Brings all pointers to the drifts of another place, and some of them further by a number of bytes. */
  settle(drifts: Drifts, further: ReadonlyMap<Pointer, number> = nowhere): void {
    for (const [pointer, value] of this.#values) {
      const wanted = drifts.get(pointer) as number;
      this.#scalars.addImmediate(this.#general.operand(value), (further.get(pointer) ?? 0) + wanted - this.drift(pointer));
      this.#drifts.set(pointer, wanted);
    }
  }

  /** Says how far a register is from its pointer; where that is too far for displacements, the register follows. */
  setDrift(pointer: Pointer, drift: number): void {
    if (Math.abs(drift) >= largestDrift) this.#scalars.addImmediate(this.#general.operand(this.value(pointer)), -drift);
    this.#drifts.set(pointer, Math.abs(drift) >= largestDrift ? 0 : drift);
  }

  /** Says that a value is again what it was at another place. */
  revert(value: General, drifts: Drifts): void {
    for (const [pointer, v] of this.#values) if (v === value) this.#drifts.set(pointer, drifts.get(pointer) as number);
  }

  /** Copies a pointer to a new slot; `scratch` is lost where it is in a slot. */
  save(pointer: Pointer, scratch: number): number {
    const slot = this.#general.newSlot();
    const register = this.#general.inRegister(this.value(pointer), scratch);
    this.#assembler.op("mov.store", 128, [this.#general.slotMemory(slot), register]);
    return slot;
  }
  restore(pointer: Pointer, slot: number): void {
    const place = this.#general.operand(this.value(pointer));
    const register = typeof place === "number" ? place : rax;
    this.#assembler.op("mov", 128, [register, this.#general.slotMemory(slot)]);
    if (typeof place !== "number") this.#assembler.op("mov.store", 128, [place, register]);
    this.#general.freeSlot(slot);
  }
}
