import { invariant } from "../../common/errors.ts";
import type { IndexDefinition, IndexExpression, IndexVariable, MemoryElement } from "../../kernel/kernel.ts";
import type { LoadDefinition } from "../address-plan.ts";
import { type Address, alignmentOf } from "./emit-memory.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import type { InstructionName } from "./instructions.ts";
import type { LocalPool } from "./local-pool.ts";

const indexLoads: Readonly<Partial<Record<MemoryElement, InstructionName>>> = {
  i32: "i32.load",
  u16: "i32.load16_u",
  i16: "i32.load16_s",
  u8: "i32.load8_u",
  i8: "i32.load8_s",
};

/** Emits the integer arithmetic of a kernel: index expressions and definitions over variables in i32 locals. */
export class IndexEmitter {
  readonly #assembler: FunctionAssembler;
  readonly #pool: LocalPool;
  /** Locals of the variables, by id. */
  readonly #variables = new Map<number, number>();

  constructor(assembler: FunctionAssembler, pool: LocalPool) {
    this.#assembler = assembler;
    this.#pool = pool;
  }

  bind(variable: IndexVariable, local: number): void {
    this.#variables.set(variable.id, local);
  }

  pushVariable(variable: IndexVariable): void {
    this.#assembler.get(this.#variables.get(variable.id) as number);
  }

  push({ constant, terms }: IndexExpression): void {
    const a = this.#assembler;
    if (terms.length === 0) {
      a.i32(constant);
      return;
    }
    for (const [i, { variable, factor }] of terms.entries()) {
      this.pushScaled(variable, factor);
      if (i > 0) a.op("i32.add");
    }
    this.addConstant(constant);
  }

  pushScaled(variable: IndexVariable, factor: number): void {
    const a = this.#assembler;
    this.pushVariable(variable);
    if (factor === 1) return;
    a.i32(factor);
    a.op("i32.mul");
  }

  /** Adds to the integer on the stack. */
  addConstant(value: number): void {
    if (value === 0) return;
    const a = this.#assembler;
    a.i32(value);
    a.op("i32.add");
  }

  /** Pushes a definition's value. `address` is where a loaded index lies. */
  pushDefinition(d: IndexDefinition, address: Address | undefined): void {
    const a = this.#assembler;
    switch (d.op) {
      case "divide":
      case "modulo":
        this.push(d.a);
        a.i32(d.by);
        a.op(d.op === "divide" ? "i32.div_u" : "i32.rem_u");
        return;
      case "min":
      case "max":
        this.push(d.a);
        this.push(d.b);
        this.#extreme(d.op);
        return;
      case "load": {
        this.#load(d, address as Address);
        a.i32(d.least);
        this.#extreme("max");
        a.i32(d.most);
        this.#extreme("min");
        return;
      }
    }
  }

  #load({ element, buffer }: LoadDefinition, { push, offset }: Address): void {
    const a = this.#assembler;
    const align = alignmentOf(element, buffer.element);
    if (element === "i64") {
      this.#loadSaturated(push, offset);
      return;
    }
    const load = indexLoads[element];
    invariant(load, `an index of ${element}`);
    push();
    a.op(load, align, offset);
  }

  /** A 64-bit integer as the nearest one of 32 bits: bounds that it is clamped to have no more. */
  #loadSaturated(push: () => void, offset: number): void {
    const a = this.#assembler;
    this.#pool.withLocal("i32", (low) =>
      this.#pool.withLocal("i32", (high) => {
        push();
        a.op("i32.load", 2, offset);
        a.op("local.tee", low);
        push();
        a.op("i32.load", 2, offset + 4);
        // The largest or, where the number is negative, the smallest of 32 bits.
        a.op("local.tee", high);
        a.i32(31);
        a.op("i32.shr_s");
        a.i32(0x7fffffff);
        a.op("i32.xor");
        a.get(low);
        a.i32(31);
        a.op("i32.shr_s");
        a.get(high);
        a.op("i32.eq");
        a.op("select");
      }),
    );
  }

  /** The smaller or larger of the two integers on the stack. */
  #extreme(which: "min" | "max"): void {
    const a = this.#assembler;
    this.#pool.withLocal("i32", (x) =>
      this.#pool.withLocal("i32", (y) => {
        a.op("local.set", y);
        a.op("local.tee", x);
        a.get(y);
        a.get(x);
        a.get(y);
        a.op(which === "min" ? "i32.lt_s" : "i32.gt_s");
        a.op("select");
      }),
    );
  }
}
