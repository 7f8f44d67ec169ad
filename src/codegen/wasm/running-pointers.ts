import type { IndexVariable, Kernel } from "../../kernel/kernel.ts";
import type { Access, AddressPlan, Advance, Pointer } from "../address-plan.ts";
import type { Address } from "./emit-memory.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import type { IndexEmitter } from "./index-emitter.ts";
import type { LocalPool } from "./local-pool.ts";

/**
 * Bytes at the start of the memory that no operand occupies. A pointer may lie before its buffer by as much as an access
 * adds to it again; as address arithmetic does not wrap, larger displacements are added by an instruction, which does.
 */
export const reservedBytes = 1 << 20;

/** The pointers of a kernel's address plan in locals. Addresses are unsigned: sums wrap, so that it does not matter how they are formed. */
export class RunningPointers {
  readonly #assembler: FunctionAssembler;
  readonly #pool: LocalPool;
  readonly #indices: IndexEmitter;
  readonly #plan: AddressPlan;
  /** Locals of the pointers as they stand in the present scope. */
  #locals = new Map<Pointer, number>();

  constructor(assembler: FunctionAssembler, pool: LocalPool, indices: IndexEmitter, plan: AddressPlan) {
    this.#assembler = assembler;
    this.#pool = pool;
    this.#indices = indices;
    this.#plan = plan;
  }

  /** Sets all pointers to their origins: behind the operands' addresses, which lie at `operands`, or in the thread's `scratch` memory. */
  start(kernel: Kernel, operands: number, scratch: number): void {
    const a = this.#assembler;
    const bases = kernel.buffers.map((buffer) => {
      const base = a.local("i32");
      a.get(operands);
      a.op("i32.load", 2, buffer.index * 4);
      a.set(base);
      return base;
    });
    for (const pointer of this.#plan.pointers) {
      const { access, index, byteOffset } = pointer.buffer;
      const local = a.local("i32");
      a.get(access === "scratch" ? scratch : bases[index]);
      this.#indices.addConstant(pointer.origin + byteOffset);
      a.set(local);
      this.#locals.set(pointer, local);
    }
  }

  /** What moves pointers while `body` emits a scope moves them for the scope only. */
  inScope(body: () => void): void {
    const outer = this.#locals;
    this.#locals = new Map(outer);
    body();
    this.#locals = outer;
  }

  /** Moves pointers by a variable's value, for the rest of the scope: in locals of their own, so that nothing is to be undone. */
  advance(variable: IndexVariable): void {
    const a = this.#assembler;
    for (const { pointer, bytes } of this.#plan.advances(variable)) {
      const local = a.local("i32");
      a.get(this.#locals.get(pointer) as number);
      this.#indices.pushScaled(variable, bytes);
      a.op("i32.add");
      a.set(local);
      this.#locals.set(pointer, local);
    }
  }

  /** Gives a loop pointers of its own while `body` emits it, and a way to move them by `step` units at the end of a round. */
  inLoop(advances: readonly Advance[], step: number, body: (moveOn: () => void) => void): void {
    const a = this.#assembler;
    this.inScope(() => {
      const own = advances.map(({ pointer, bytes }) => {
        const local = this.#pool.take("i32");
        a.get(this.#locals.get(pointer) as number);
        a.set(local);
        this.#locals.set(pointer, local);
        return { local, bytes };
      });
      body(() => {
        for (const { local, bytes } of own) {
          a.get(local);
          this.#indices.addConstant(bytes * step);
          a.set(local);
        }
      });
      this.#pool.giveBack(...own.map(({ local }) => local));
    });
  }

  /** Where an access goes, from the pointers as they stand now. */
  address({ pointer, displacement }: Access): Address {
    const a = this.#assembler;
    const local = this.#locals.get(pointer) as number;
    if (displacement < reservedBytes) return { push: () => a.get(local), offset: displacement };
    return {
      push: () => {
        a.get(local);
        this.#indices.addConstant(displacement);
      },
      offset: 0,
    };
  }
}
