/**
 * A routine is a small program on words of memory, from which every code generator emits code: what runs on the side of the
 * kernels, such as the scheduler, is written once. Words are as wide as the machine's addresses (8 bytes for native code, 4 for
 * WebAssembly) and unsigned. A routine is written with RoutineBuilder.
 */

/** A local variable or a parameter. */
export interface Local {
  readonly id: number;
  readonly name: string;
}

export type Operand = Local | number;

/** A word of memory: [base + offset], offset in bytes. */
export interface Word {
  readonly base: Local;
  readonly offset: number;
}

export type Comparison = "equal" | "notEqual" | "less" | "lessOrEqual" | "greater" | "greaterOrEqual";

export interface Condition {
  readonly comparison: Comparison;
  readonly a: Local;
  readonly b: Operand;
}

/** A loop, named by what leaves it or goes to its next round. */
export interface Loop {
  readonly id: number;
}

export type Arithmetic = "add" | "subtract" | "and" | "multiply";

/**
 * Every load acquires; a store releases where it says so, and otherwise something behind it must; `addAtomic` and `compareExchange`
 * are full fences.
 * `sleep` lasts about a microsecond and ends by itself; `waitWhile` lasts until another thread wakes the word, and not at all where
 * it is not `expected` any more. `call` runs tasks [begin, end) of a kernel.
 */
export type RoutineStatement =
  | { readonly kind: "set"; readonly target: Local; readonly value: Operand }
  | { readonly kind: "arithmetic"; readonly op: Arithmetic; readonly target: Local; readonly a: Local; readonly b: Operand }
  | { readonly kind: "load"; readonly target: Local; readonly word: Word }
  | { readonly kind: "store"; readonly word: Word; readonly value: Operand; readonly isRelease: boolean }
  /** The word's value before goes to `target`. */
  | { readonly kind: "addAtomic"; readonly target: Local; readonly word: Word; readonly value: Operand }
  /** Writes `desired` where the word is `expected`; its value before goes to `target`. */
  | {
      readonly kind: "compareExchange";
      readonly target: Local;
      readonly word: Word;
      readonly expected: number;
      readonly desired: number;
    }
  | {
      readonly kind: "if";
      readonly condition: Condition;
      readonly then: readonly RoutineStatement[];
      readonly otherwise: readonly RoutineStatement[];
    }
  | { readonly kind: "loop"; readonly loop: Loop; readonly body: readonly RoutineStatement[] }
  | { readonly kind: "leave" | "repeat"; readonly loop: Loop }
  | { readonly kind: "return"; readonly value: Operand }
  | {
      readonly kind: "call";
      readonly kernel: Local;
      readonly operands: Local;
      readonly begin: Operand;
      readonly end: Local;
      readonly scratch: Local;
    }
  /** A hint that the thread is looking at a word over and over. */
  | { readonly kind: "pause" }
  | { readonly kind: "sleep"; readonly word: Word }
  | { readonly kind: "waitWhile"; readonly word: Word; readonly expected: Local }
  | { readonly kind: "wake"; readonly word: Word; readonly count: Operand }
  /** Ends the routine with an error of the host's. */
  | { readonly kind: "trap" }
  /** Tells the host that an asynchronous run has ended. */
  | { readonly kind: "tellHost" };

export interface Routine {
  readonly name: string;
  readonly parameters: readonly Local[];
  /** Parameters first. */
  readonly locals: readonly Local[];
  readonly body: readonly RoutineStatement[];
  /** Whether `return` gives something to the caller. */
  readonly hasResult: boolean;
}

/** Writes a routine: methods add statements to the block that is open. */
export class RoutineBuilder {
  readonly #name: string;
  readonly #locals: Local[] = [];
  readonly #parameters: Local[] = [];
  readonly #body: RoutineStatement[] = [];
  #open: RoutineStatement[] = this.#body;
  #loops = 0;
  #hasResult = false;

  constructor(name: string) {
    this.#name = name;
  }

  parameter(name: string): Local {
    const local = this.local(name);
    this.#parameters.push(local);
    return local;
  }
  /** Undefined until it is set. Parameters come before all others. */
  local(name: string): Local {
    const local = { id: this.#locals.length, name };
    this.#locals.push(local);
    return local;
  }

  set(target: Local, value: Operand): void {
    this.#open.push({ kind: "set", target, value });
  }
  add(target: Local, a: Local, b: Operand): void {
    this.#open.push({ kind: "arithmetic", op: "add", target, a, b });
  }
  subtract(target: Local, a: Local, b: Operand): void {
    this.#open.push({ kind: "arithmetic", op: "subtract", target, a, b });
  }
  and(target: Local, a: Local, b: Operand): void {
    this.#open.push({ kind: "arithmetic", op: "and", target, a, b });
  }
  multiply(target: Local, a: Local, b: Operand): void {
    this.#open.push({ kind: "arithmetic", op: "multiply", target, a, b });
  }
  load(target: Local, base: Local, offset: number): void {
    this.#open.push({ kind: "load", target, word: { base, offset } });
  }
  store(base: Local, offset: number, value: Operand): void {
    this.#open.push({ kind: "store", word: { base, offset }, value, isRelease: false });
  }
  storeRelease(base: Local, offset: number, value: Operand): void {
    this.#open.push({ kind: "store", word: { base, offset }, value, isRelease: true });
  }
  addAtomic(target: Local, base: Local, offset: number, value: Operand): void {
    this.#open.push({ kind: "addAtomic", target, word: { base, offset }, value });
  }
  compareExchange(target: Local, base: Local, offset: number, expected: number, desired: number): void {
    this.#open.push({ kind: "compareExchange", target, word: { base, offset }, expected, desired });
  }

  if(a: Local, comparison: Comparison, b: Operand, then: () => void, otherwise: () => void = () => {}): void {
    this.#open.push({ kind: "if", condition: { a, comparison, b }, then: this.#block(then), otherwise: this.#block(otherwise) });
  }
  /** Runs its body again and again until something leaves it: give it to `leave` and `repeat`. */
  loop(body: (loop: Loop) => void): void {
    const loop = { id: this.#loops++ };
    this.#open.push({ kind: "loop", loop, body: this.#block(() => body(loop)) });
  }
  leave(loop: Loop): void {
    this.#open.push({ kind: "leave", loop });
  }
  /** Goes to the loop's next round. */
  repeat(loop: Loop): void {
    this.#open.push({ kind: "repeat", loop });
  }
  /** Runs a body while a condition holds. */
  while(a: Local, comparison: Comparison, b: Operand, body: (loop: Loop) => void): void {
    this.loop((loop) =>
      this.if(
        a,
        comparison,
        b,
        () => body(loop),
        () => this.leave(loop),
      ),
    );
  }
  return(value: Operand): void {
    this.#hasResult = true;
    this.#open.push({ kind: "return", value });
  }

  call(kernel: Local, operands: Local, begin: Operand, end: Local, scratch: Local): void {
    this.#open.push({ kind: "call", kernel, operands, begin, end, scratch });
  }
  pause(): void {
    this.#open.push({ kind: "pause" });
  }
  /** `word` is one that is always 0: where a system can sleep on words only, it sleeps on this. */
  sleep(base: Local, offset: number): void {
    this.#open.push({ kind: "sleep", word: { base, offset } });
  }
  waitWhile(base: Local, offset: number, expected: Local): void {
    this.#open.push({ kind: "waitWhile", word: { base, offset }, expected });
  }
  wake(base: Local, offset: number, count: Operand): void {
    this.#open.push({ kind: "wake", word: { base, offset }, count });
  }
  trap(): void {
    this.#open.push({ kind: "trap" });
  }
  tellHost(): void {
    this.#open.push({ kind: "tellHost" });
  }

  build(): Routine {
    return { name: this.#name, parameters: this.#parameters, locals: this.#locals, body: this.#body, hasResult: this.#hasResult };
  }

  #block(write: () => void): RoutineStatement[] {
    const outer = this.#open;
    const block: RoutineStatement[] = [];
    this.#open = block;
    write();
    this.#open = outer;
    return block;
  }
}
