import type { Arithmetic, Comparison, Local, Loop, Operand, Routine, RoutineStatement, Word } from "../scheduler/routine.ts";
import type { FunctionAssembler, FunctionType } from "./function-assembler.ts";
import type { InstructionName } from "./instructions.ts";

/** How long a thread sleeps at a time, in nanoseconds. */
const sleepNanoseconds = 1000;

const comparisons: Readonly<Record<Comparison, InstructionName>> = {
  equal: "i32.eq",
  notEqual: "i32.ne",
  less: "i32.lt_u",
  lessOrEqual: "i32.le_u",
  greater: "i32.gt_u",
  greaterOrEqual: "i32.ge_u",
};
const arithmetic: Readonly<Record<Arithmetic, InstructionName>> = {
  add: "i32.add",
  subtract: "i32.sub",
  and: "i32.and",
  multiply: "i32.mul",
};

/** A routine's type as a function. */
export const routineType = ({ parameters, hasResult }: Routine): FunctionType => ({
  params: parameters.map(() => "i32"),
  results: hasResult ? ["i32"] : [],
});

/** What routines call, as indices of the module. */
export interface RoutineCallees {
  readonly kernelType: number;
  readonly tellHost: number;
}

/** Writes a routine's body into a function of its type. */
export function emitRoutine(routine: Routine, assembler: FunctionAssembler, callees: RoutineCallees): void {
  new RoutineEmitter(routine, assembler, callees).emit();
}

class RoutineEmitter {
  readonly #routine: Routine;
  readonly #a: FunctionAssembler;
  readonly #callees: RoutineCallees;
  /** Blocks that are open, and how deep each loop's block to leave lies; its beginning is one deeper. */
  #depth = 0;
  readonly #loops = new Map<Loop, number>();

  constructor(routine: Routine, assembler: FunctionAssembler, callees: RoutineCallees) {
    this.#routine = routine;
    this.#a = assembler;
    this.#callees = callees;
  }

  emit(): void {
    for (let i = this.#routine.parameters.length; i < this.#routine.locals.length; i++) this.#a.local("i32");
    this.#list(this.#routine.body);
    if (this.#routine.hasResult) this.#a.op("unreachable");
  }

  #list(statements: readonly RoutineStatement[]): void {
    for (const s of statements) this.#statement(s);
  }

  #push(operand: Operand): void {
    if (typeof operand === "number") this.#a.i32(operand);
    else this.#a.get(operand.id);
  }
  #set(local: Local): void {
    this.#a.set(local.id);
  }
  /** An access at a word whose address, and whatever follows it, is on the stack. */
  #access(name: InstructionName, { offset }: Word): void {
    this.#a.op(name, 2, offset);
  }

  #nested(open: "block" | "loop", body: () => void): void {
    this.#depth++;
    this.#a[open](body);
    this.#depth--;
  }

  #statement(s: RoutineStatement): void {
    const a = this.#a;
    switch (s.kind) {
      case "set":
        this.#push(s.value);
        this.#set(s.target);
        break;
      case "arithmetic":
        this.#push(s.a);
        this.#push(s.b);
        a.op(arithmetic[s.op]);
        this.#set(s.target);
        break;
      case "load":
        this.#push(s.word.base);
        this.#access("i32.atomic.load", s.word);
        this.#set(s.target);
        break;
      case "store":
        this.#push(s.word.base);
        this.#push(s.value);
        this.#access(s.isRelease ? "i32.atomic.store" : "i32.store", s.word);
        break;
      case "addAtomic":
        this.#push(s.word.base);
        this.#push(s.value);
        this.#access("i32.atomic.rmw.add", s.word);
        this.#set(s.target);
        break;
      case "compareExchange":
        this.#push(s.word.base);
        a.i32(s.expected);
        a.i32(s.desired);
        this.#access("i32.atomic.rmw.cmpxchg", s.word);
        this.#set(s.target);
        break;
      case "if":
        this.#push(s.condition.a);
        this.#push(s.condition.b);
        a.op(comparisons[s.condition.comparison]);
        this.#depth++;
        a.if(() => this.#list(s.then), s.otherwise.length > 0 ? () => this.#list(s.otherwise) : undefined);
        this.#depth--;
        break;
      case "loop":
        this.#loops.set(s.loop, this.#depth);
        this.#nested("block", () =>
          this.#nested("loop", () => {
            this.#list(s.body);
            a.op("br", 0);
          }),
        );
        break;
      case "leave":
      case "repeat":
        a.op("br", this.#depth - (this.#loops.get(s.loop) as number) - (s.kind === "leave" ? 1 : 2));
        break;
      case "return":
        this.#push(s.value);
        a.op("return");
        break;
      case "call":
        for (const operand of [s.operands, s.begin, s.end, s.scratch, s.kernel]) this.#push(operand);
        a.op("call_indirect", this.#callees.kernelType);
        break;
      case "pause":
        break;
      case "sleep":
        this.#push(s.word.base);
        a.i32(0);
        a.op("i64.const", sleepNanoseconds);
        this.#access("memory.atomic.wait32", s.word);
        a.op("drop");
        break;
      case "waitWhile":
        this.#push(s.word.base);
        this.#push(s.expected);
        a.op("i64.const", -1);
        this.#access("memory.atomic.wait32", s.word);
        a.op("drop");
        break;
      case "wake":
        this.#push(s.word.base);
        this.#push(s.count);
        this.#access("memory.atomic.notify", s.word);
        a.op("drop");
        break;
      case "trap":
        a.op("unreachable");
        break;
      case "tellHost":
        a.op("call", this.#callees.tellHost);
        break;
    }
  }
}
