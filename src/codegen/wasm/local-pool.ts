import type { FunctionAssembler } from "./function-assembler.ts";
import type { ValueType } from "./instructions.ts";

/** Locals of a function, used again when they are returned. */
export class LocalPool {
  readonly #assembler: FunctionAssembler;
  readonly #free: Readonly<Record<ValueType, number[]>> = { i32: [], i64: [], f32: [], v128: [] };

  constructor(assembler: FunctionAssembler) {
    this.#assembler = assembler;
  }

  take(type: ValueType): number {
    return this.#free[type].pop() ?? this.#assembler.local(type);
  }

  giveBack(...locals: readonly number[]): void {
    for (const local of locals) this.#free[this.#assembler.locals[local]].push(local);
  }

  withLocal(type: ValueType, body: (local: number) => void): void {
    const local = this.take(type);
    body(local);
    this.giveBack(local);
  }
}
