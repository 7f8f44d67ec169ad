import { registerSetBy } from "../../kernel/for-each-statement.ts";
import type { IndexVariable, Statement } from "../../kernel/kernel.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import type { IndexEmitter } from "./index-emitter.ts";
import type { RegisterValues } from "./register-values.ts";

/** Vector registers that V8 gives out on x86-64 (one of sixteen is its own). */
const engineRegisters = 15;

/**
 * Cuts unrolled sums into basic blocks. V8's scheduler puts the loads of a block first and the arithmetic last, so that unrolled
 * steps would spill. The branch that ends a block leaves the straight-line code for the place behind it, where the sums are live, so
 * that they are formed before it. It is never taken (task numbers are not negative here), but each compares with another number, so
 * that none is removed.
 */
export class BasicBlockCuts {
  readonly #assembler: FunctionAssembler;
  readonly #indices: IndexEmitter;
  readonly #values: RegisterValues;
  readonly #task: IndexVariable;
  /** Whether the straight-line code here is cut. */
  #isOpen = false;
  #cuts = 0;

  constructor(assembler: FunctionAssembler, indices: IndexEmitter, values: RegisterValues, task: IndexVariable) {
    this.#assembler = assembler;
    this.#indices = indices;
    this.#values = values;
    this.#task = task;
  }

  /** Emits a block's statements one by one, those of straight-line code that needs cuts inside a WebAssembly block. */
  emit(statements: readonly Statement[], emitOne: (s: Statement) => void): void {
    this.#values.loads = 0;
    for (let i = 0; i < statements.length;) {
      const run = statements.slice(i, Math.max(straightEnd(statements, i), i + 1));
      this.#isOpen = needsCuts(run);
      if (this.#isOpen) this.#assembler.block(() => run.forEach(emitOne));
      else run.forEach(emitOne);
      this.#isOpen = false;
      i += run.length;
    }
    this.#values.loads = 0;
  }

  /** Ends the basic block before a load where all loads until here are consumed and as many again would not fit the registers. */
  beforeLoad(): void {
    const values = this.#values;
    if (!this.#isOpen || values.hasPending) return;
    const held = values.heldValues();
    const isStepsEnd = held === 0 && values.mutables + 2 * values.loads > engineRegisters;
    const isFull = values.updates > 0 && values.mutables + Math.max(held, values.loads) + 1 > engineRegisters;
    if (!isStepsEnd && !isFull) return;
    const a = this.#assembler;
    this.#indices.pushVariable(this.#task);
    a.i32(--this.#cuts);
    a.op("i32.eq");
    a.op("br_if", 0);
    values.updates = 0;
    values.loads = 0;
  }
}

/** Where the straight-line code that begins at `from` ends: before the next loop, branch or store. */
function straightEnd(statements: readonly Statement[], from: number): number {
  let end = from;
  while (end < statements.length && !["for", "if", "store"].includes(statements[end].kind)) end++;
  return end;
}

/** Whether straight-line code has sums and more loads than registers beside them. */
function needsCuts(run: readonly Statement[]): boolean {
  const sums = new Set(run.filter((s) => s.kind === "compute" && s.target.mutable).map((s) => registerSetBy(s)));
  return sums.size > 0 && sums.size + run.filter((s) => s.kind === "load").length > engineRegisters;
}
