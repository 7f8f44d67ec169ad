import { invariant } from "../../common/errors.ts";
import type { Comparison, Local, Loop, Operand, Routine, RoutineStatement, Word } from "../scheduler/routine.ts";
import { Assembler, type Condition, type Label, type Memory } from "./assembler.ts";
import { rax, rcx, rdi, rdx, rsi, rsp } from "./general-registers.ts";
import { fitsByte } from "./scalar-arithmetic.ts";

const [rbx, rbp, r10, r12, r13, r14, r15] = [3, 5, 10, 12, 13, 14, 15];
const calleeSaved = [rbx, rbp, r12, r13, r14, r15];
const parameters = [rdi, rsi, rdx, rcx, 8, 9];

/** Calls of Linux, and how long a thread sleeps at a time; the system adds its slack of some 50 microseconds. */
const [futexCall, sleepCall] = [202, 35];
const [futexWaitPrivate, futexWakePrivate] = [128, 129];
const sleepNanoseconds = 1000;

/** Jumps where a comparison does not hold. Words are unsigned. */
const unless: Readonly<Record<Comparison, Condition>> = {
  equal: "ne",
  notEqual: "e",
  less: "ae",
  lessOrEqual: "a",
  greater: "be",
  greaterOrEqual: "b",
};

/** Machine code of a routine, as a function of the System V calling convention. */
export function emitRoutine(routine: Routine): Uint8Array {
  return new RoutineEmitter(routine).emit();
}

/** Locals live in registers that calls preserve, the most used ones first, and on the stack; rax, rcx and rdx are scratch. */
class RoutineEmitter {
  readonly #routine: Routine;
  readonly #a = new Assembler();
  readonly #places = new Map<Local, number | Memory>();
  readonly #loops = new Map<Loop, { readonly head: Label; readonly exit: Label }>();
  readonly #exit = this.#a.label();
  readonly #sleepTime: number;
  readonly #frameBytes: number;

  constructor(routine: Routine) {
    this.#routine = routine;
    const weights = new Map(routine.locals.map((l) => [l, 0]));
    weigh(routine.body, 1, weights);
    const order = routine.locals.toSorted((a, b) => (weights.get(b) as number) - (weights.get(a) as number));
    for (const [i, local] of order.entries())
      this.#places.set(local, i < calleeSaved.length ? calleeSaved[i] : { base: rsp, displacement: (i - calleeSaved.length) * 8 });
    this.#sleepTime = Math.max(0, order.length - calleeSaved.length) * 8;
    // The return address and the saved registers are an odd number of words; calls find the stack aligned to 16.
    this.#frameBytes = Math.ceil((this.#sleepTime + 16) / 16) * 16 + 8;
  }

  emit(): Uint8Array {
    const a = this.#a;
    for (const r of calleeSaved) a.op("push", 128, [r]);
    a.op("sub.i", 128, [rsp, this.#frameBytes]);
    for (const [i, local] of this.#routine.parameters.entries()) a.op("mov.store", 128, [this.#place(local), parameters[i]]);
    this.#list(this.#routine.body);
    a.bind(this.#exit);
    a.op("add.i", 128, [rsp, this.#frameBytes]);
    for (const r of calleeSaved.toReversed()) a.op("pop", 128, [r]);
    a.op("ret", 128, []);
    return a.finish();
  }

  #place(local: Local): number | Memory {
    return this.#places.get(local) as number | Memory;
  }
  #into(register: number, operand: Operand): void {
    if (operand === 0) this.#a.op("xor", 128, [register, register]);
    else if (typeof operand === "number") this.#a.op("mov.imm", 128, [register, operand]);
    else this.#a.op("mov", 128, [register, this.#place(operand)]);
  }
  #store(local: Local, register: number): void {
    this.#a.op("mov.store", 128, [this.#place(local), register]);
  }
  /** The word's memory; its base is in rcx where it has no register of its own. */
  #word({ base, offset }: Word): Memory {
    const place = this.#place(base);
    if (typeof place === "number") return { base: place, displacement: offset };
    this.#a.op("mov", 128, [rcx, place]);
    return { base: rcx, displacement: offset };
  }
  #list(statements: readonly RoutineStatement[]): void {
    for (const s of statements) this.#statement(s);
  }

  #arithmetic(s: Extract<RoutineStatement, { kind: "arithmetic" }>): void {
    const a = this.#a;
    const target = this.#place(s.target);
    const inPlace = typeof target === "number" && s.target === s.a && s.target !== s.b;
    const register = inPlace ? target : rax;
    if (!inPlace) this.#into(rax, s.a);
    if (typeof s.b === "number") {
      const name = s.op === "subtract" ? "sub" : s.op;
      if (name === "multiply") a.op("imul.i", 128, [register, register, s.b]);
      else a.op(fitsByte(s.b) ? `${name}.b` : `${name}.i`, 128, [register, s.b]);
    } else {
      const name = ({ add: "add", subtract: "sub", and: "and", multiply: "imul" } as const)[s.op];
      a.op(name, 128, [register, this.#place(s.b)]);
    }
    if (!inPlace) this.#store(s.target, rax);
  }

  #compare(local: Local, operand: Operand): void {
    const place = this.#place(local);
    if (typeof operand === "number") this.#a.op(fitsByte(operand) ? "cmp.b" : "cmp.i", 128, [place, operand]);
    else if (typeof place === "number") this.#a.op("cmp", 128, [place, this.#place(operand)]);
    else {
      this.#into(rax, local);
      this.#a.op("cmp", 128, [rax, this.#place(operand)]);
    }
  }

  #statement(s: RoutineStatement): void {
    const a = this.#a;
    switch (s.kind) {
      case "set":
        if (typeof s.value === "number") a.op("mov.imm", 128, [this.#place(s.target), s.value]);
        else {
          this.#into(rax, s.value);
          this.#store(s.target, rax);
        }
        break;
      case "arithmetic":
        this.#arithmetic(s);
        break;
      case "load": {
        const target = this.#place(s.target);
        const register = typeof target === "number" ? target : rax;
        a.op("mov", 128, [register, this.#word(s.word)]);
        if (register === rax) this.#store(s.target, rax);
        break;
      }
      // Stores of this processor release.
      case "store":
        if (typeof s.value === "number") a.op("mov.imm", 128, [this.#word(s.word), s.value]);
        else {
          this.#into(rax, s.value);
          a.op("mov.store", 128, [this.#word(s.word), rax]);
        }
        break;
      case "addAtomic":
        this.#into(rax, s.value);
        a.op("lock xadd", 128, [this.#word(s.word), rax]);
        this.#store(s.target, rax);
        break;
      case "compareExchange":
        this.#into(rax, s.expected);
        this.#into(rdx, s.desired);
        a.op("lock cmpxchg", 128, [this.#word(s.word), rdx]);
        this.#store(s.target, rax);
        break;
      case "if": {
        const [otherwise, end] = [a.label(), a.label()];
        this.#compare(s.condition.a, s.condition.b);
        a.jumpIf(unless[s.condition.comparison], otherwise);
        this.#list(s.then);
        if (s.otherwise.length > 0) a.jump(end);
        a.bind(otherwise);
        this.#list(s.otherwise);
        a.bind(end);
        break;
      }
      case "loop": {
        const loop = { head: a.label(), exit: a.label() };
        this.#loops.set(s.loop, loop);
        a.bind(loop.head);
        this.#list(s.body);
        a.jump(loop.head);
        a.bind(loop.exit);
        break;
      }
      case "leave":
        a.jump(this.#loops.get(s.loop)?.exit as Label);
        break;
      case "repeat":
        a.jump(this.#loops.get(s.loop)?.head as Label);
        break;
      case "return":
        this.#into(rax, s.value);
        a.jump(this.#exit);
        break;
      case "call":
        this.#into(rdi, s.operands);
        this.#into(rsi, s.begin);
        this.#into(rdx, s.end);
        this.#into(rcx, s.scratch);
        a.op("call", 128, [this.#place(s.kernel)]);
        break;
      case "pause":
        a.op("pause", 128, []);
        break;
      case "sleep": {
        const time = { base: rsp, displacement: this.#sleepTime };
        a.op("mov.imm", 128, [time, 0]);
        a.op("mov.imm", 128, [{ base: rsp, displacement: this.#sleepTime + 8 }, sleepNanoseconds]);
        a.op("lea", 128, [rdi, time]);
        a.op("xor", 128, [rsi, rsi]);
        a.op("mov.imm", 128, [rax, sleepCall]);
        a.op("syscall", 128, []);
        break;
      }
      case "waitWhile":
        this.#into(rdx, s.expected);
        this.#futex(s.word, futexWaitPrivate);
        break;
      case "wake":
        this.#into(rdx, s.count);
        this.#futex(s.word, futexWakePrivate);
        break;
      case "trap":
      case "tellHost":
        invariant(false, `native code has no host for ${s.kind}`);
    }
  }

  /** futex(word, operation, rdx): it looks at the word's lower half. No time limit. */
  #futex(word: Word, operation: number): void {
    const a = this.#a;
    a.op("lea", 128, [rdi, this.#word(word)]);
    a.op("mov.imm", 128, [rsi, operation]);
    a.op("xor", 128, [r10, r10]);
    a.op("mov.imm", 128, [rax, futexCall]);
    a.op("syscall", 128, []);
  }
}

/** Uses of locals, ten times as many for each loop around them. */
function weigh(statements: readonly RoutineStatement[], factor: number, weights: Map<Local, number>): void {
  const use = (operand: Operand): void => {
    if (typeof operand !== "number") weights.set(operand, (weights.get(operand) as number) + factor);
  };
  for (const s of statements) {
    switch (s.kind) {
      case "if":
        use(s.condition.a);
        use(s.condition.b);
        weigh(s.then, factor, weights);
        weigh(s.otherwise, factor, weights);
        break;
      case "loop":
        weigh(s.body, factor * 10, weights);
        break;
      case "call":
        for (const operand of [s.kernel, s.operands, s.begin, s.end, s.scratch]) use(operand);
        break;
      default:
        if ("target" in s) use(s.target);
        if ("value" in s) use(s.value);
        if ("a" in s) {
          use(s.a);
          use(s.b);
        }
        if ("word" in s) use(s.word.base);
    }
  }
}
