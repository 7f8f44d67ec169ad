import { invariant, VintnerError } from "../common/errors.ts";
import { resultElement } from "./compute-operations.ts";
import {
  type ComputeOp,
  type IndexDefinition,
  type IndexExpression,
  type IndexVariable,
  type Kernel,
  type KernelBuffer,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  registerElements,
  type Statement,
} from "./kernel.ts";
import type { KernelTarget } from "./target.ts";

/** Statements that a kernel may have: what is written out must not grow with a number in a file. */
export const mostStatements = 30_000;

/** An affine index under construction. Immutable; plain numbers are accepted wherever one is. */
export class Index implements IndexExpression {
  readonly constant: number;
  readonly terms: readonly { readonly variable: IndexVariable; readonly factor: number }[];

  constructor(constant: number, terms: Index["terms"] = []) {
    this.constant = constant;
    this.terms = terms;
  }

  static of(value: Index | number): Index {
    return typeof value === "number" ? new Index(value) : value;
  }

  static variable(variable: IndexVariable): Index {
    return new Index(0, [{ variable, factor: 1 }]);
  }

  add(other: Index | number): Index {
    if (typeof other === "number") return new Index(this.constant + other, this.terms);
    const constant = this.constant + other.constant;
    if (other.terms.length === 0) return new Index(constant, this.terms);
    if (this.terms.length === 0) return new Index(constant, other.terms);
    return new Index(constant, mergeTerms(this.terms, other.terms));
  }

  sub(other: Index | number): Index {
    return this.add(typeof other === "number" ? -other : other.mul(-1));
  }

  mul(factor: number): Index {
    if (factor === 1) return this;
    return factor === 0
      ? new Index(0)
      : new Index(
          this.constant * factor,
          this.terms.map((t) => ({ variable: t.variable, factor: t.factor * factor })),
        );
  }
}

/** The sum of two sorted lists of terms. */
function mergeTerms(a: Index["terms"], b: Index["terms"]): Index["terms"] {
  const sum: { variable: IndexVariable; factor: number }[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const order = a[i].variable.id - b[j].variable.id;
    if (order < 0) sum.push(a[i++]);
    else if (order > 0) sum.push(b[j++]);
    else {
      const factor = a[i].factor + b[j++].factor;
      if (factor !== 0) sum.push({ variable: a[i].variable, factor });
      i++;
    }
  }
  while (i < a.length) sum.push(a[i++]);
  while (j < b.length) sum.push(b[j++]);
  return sum;
}

export interface LoopOptions {
  /** Copies of the body in one round; what does not divide follows as straight code. */
  readonly unroll?: number;
  readonly name?: string;
}

export interface AccessOptions {
  /** Lanes of the register; default the target's. */
  readonly lanes?: number;
  /** Elements to read or write; default all lanes. */
  readonly count?: number;
  /** What memory holds there; default the buffer's element. */
  readonly as?: MemoryElement;
}

export interface StoreOptions {
  /** Elements to write; default all lanes. */
  readonly count?: number;
  /** What memory takes there; default the buffer's element. */
  readonly as?: MemoryElement;
  /** Clamps integers to the range of an element of fewer than 32 bits instead of taking their low bits. */
  readonly saturate?: boolean;
}

/**
 * Writes a kernel as the loop nest that it is:
 *
 *     const k = new KernelBuilder("scale", target);
 *     const x = k.buffer("x", "f32", n, "read"), y = k.buffer("y", "f32", n, "write");
 *     const two = k.constant(2);
 *     k.for(n / k.lanes, (i) => k.store(y, i.mul(k.lanes), k.mul(k.load(x, i.mul(k.lanes)), two)));
 *     const kernel = k.build({ key: `scale ${n}` });
 */
export class KernelBuilder {
  readonly name: string;
  readonly target: KernelTarget;
  /** The widest vector's lanes. */
  readonly lanes: number;
  /** The number of this task, in [0, tasks). */
  readonly task: Index;
  readonly #task: IndexVariable;
  readonly #buffers: KernelBuffer[] = [];
  readonly #scratch: KernelBuffer[] = [];
  #scratchBytes = 0;
  /** Numbers in registers, defined before all else: by element and lanes, then by value. */
  readonly #constants = new Map<string, Map<number, Register>>();
  readonly #constantStatements: Statement[] = [];
  #body: Statement[] = [];
  #statements = 0;
  #variables = 0;
  #registers = 0;

  constructor(name: string, target: KernelTarget) {
    this.name = name;
    this.target = target;
    this.lanes = target.lanes;
    this.#task = this.#variable("task");
    this.task = Index.variable(this.#task);
  }

  build(options: { readonly key: string; readonly tasks?: number; readonly flops?: number }): Kernel {
    return {
      name: this.name,
      key: `${this.target.name} ${options.key}`,
      buffers: this.#buffers,
      scratch: this.#scratch,
      scratchBytes: this.#scratchBytes,
      tasks: options.tasks ?? 1,
      task: this.#task,
      body: [...this.#constantStatements, ...this.#body],
      flops: options.flops ?? 0,
    };
  }

  /** An argument, or (access `scratch`) memory that only this thread sees, undefined at the start of each task. */
  buffer(name: string, element: MemoryElement, length: number, access: KernelBuffer["access"]): KernelBuffer {
    const isScratch = access === "scratch";
    const list = isScratch ? this.#scratch : this.#buffers;
    const buffer = { index: list.length, name, element, length, access, byteOffset: isScratch ? this.#scratchBytes : 0 };
    if (isScratch) this.#scratchBytes += Math.ceil((length * memoryElementBytes[element]) / 64) * 64;
    list.push(buffer);
    return buffer;
  }

  // Control

  /** Runs the body for 0 <= i < count. Without `count` above 1 there is no loop. */
  for(count: number, body: (i: Index) => void): void;
  for(count: number, options: LoopOptions, body: (i: Index) => void): void;
  for(count: number, a: LoopOptions | ((i: Index) => void), b?: (i: Index) => void): void {
    const body = (typeof a === "function" ? a : b) as (i: Index) => void;
    const { unroll = 1, name = "i" } = typeof a === "function" ? {} : a;
    const rounds = Math.floor(count / unroll);
    if (rounds > 1)
      this.range(0, rounds * unroll, { step: unroll, name }, (i) => {
        for (let u = 0; u < unroll; u++) body(i.add(u));
      });
    for (let i = rounds > 1 ? rounds * unroll : 0; i < count; i++) body(new Index(i));
  }

  /** A loop whose bounds are indices: begin <= i < end, by `step`. */
  range(
    begin: Index | number,
    end: Index | number,
    options: { readonly step?: number; readonly name?: string },
    body: (i: Index) => void,
  ): void {
    const variable = this.#variable(options.name ?? "i");
    const statements = this.#scope(() => body(Index.variable(variable)));
    this.#add({ kind: "for", variable, begin: Index.of(begin), end: Index.of(end), step: options.step ?? 1, body: statements });
  }

  /** Runs `then` where index >= 0, else `otherwise`. */
  ifNonNegative(index: Index, then: () => void, otherwise: () => void = () => {}): void {
    this.#add({ kind: "if", nonNegative: index, then: this.#scope(then), otherwise: this.#scope(otherwise) });
  }

  /** Calls f for 0 <= i < n at build time. */
  each<T>(n: number, f: (i: number) => T): T[] {
    return Array.from({ length: n }, (_, i) => f(i));
  }

  // Indices

  divide(a: Index, by: number): Index {
    return by === 1 ? a : this.#index("q", { op: "divide", a, by });
  }
  modulo(a: Index, by: number): Index {
    return by === 1 ? new Index(0) : this.#index("r", { op: "modulo", a, by });
  }
  /** Splits the task number into one index per dimension, the last one fastest. */
  splitTask(...dimensions: readonly number[]): Index[] {
    const indices: Index[] = [];
    let rest = this.task;
    for (let d = dimensions.length - 1; d > 0; d--) {
      indices.unshift(this.modulo(rest, dimensions[d]));
      rest = this.divide(rest, dimensions[d]);
    }
    return [rest, ...indices];
  }
  minIndex(a: Index | number, b: Index | number): Index {
    return this.#index("min", { op: "min", a: Index.of(a), b: Index.of(b) });
  }
  maxIndex(a: Index | number, b: Index | number): Index {
    return this.#index("max", { op: "max", a: Index.of(a), b: Index.of(b) });
  }
  /** Reads an integer and clamps it to [least, most]. */
  loadIndex(
    buffer: KernelBuffer,
    index: Index | number,
    least: number,
    most: number,
    { as = buffer.element }: { readonly as?: MemoryElement } = {},
  ): Index {
    return this.#index("at", { op: "load", buffer, index: Index.of(index), element: as, least, most });
  }

  // Memory

  load(
    buffer: KernelBuffer,
    index: Index | number,
    { lanes = this.lanes, count = lanes, as = buffer.element }: AccessOptions = {},
  ): Register {
    return this.#load(buffer, index, lanes, count, as, false);
  }
  /** One element in every lane. */
  broadcast(
    buffer: KernelBuffer,
    index: Index | number,
    lanes: number = this.lanes,
    { as = buffer.element }: { readonly as?: MemoryElement } = {},
  ): Register {
    return this.#load(buffer, index, lanes, 1, as, true);
  }
  #load(buffer: KernelBuffer, index: Index | number, lanes: number, count: number, element: MemoryElement, broadcast: boolean): Register {
    const target = this.#register(registerElements[element] ?? "i32", lanes);
    this.#add({ kind: "load", target, buffer, index: Index.of(index), element, count, broadcast });
    return target;
  }
  store(
    buffer: KernelBuffer,
    index: Index | number,
    value: Register,
    { count = value.lanes, as = buffer.element, saturate = false }: StoreOptions = {},
  ): void {
    invariant(
      value.element === registerElements[as],
      `kernel ${this.name}: a ${value.element} register stored as ${as} to buffer ${buffer.name}`,
    );
    this.#add({ kind: "store", buffer, index: Index.of(index), element: as, value, count, saturate });
  }
  /** Lane l is the element at base + clamp(lane l of offsets, 0, most). */
  gather(
    buffer: KernelBuffer,
    base: Index | number,
    offsets: Register,
    most: number,
    { as = buffer.element === "f32" ? "f32" : "i32" }: { readonly as?: "f32" | "i32" } = {},
  ): Register {
    const target = this.#register(as, offsets.lanes);
    this.#add({ kind: "gather", target, buffer, base: Index.of(base), element: as, offsets, most });
    return target;
  }

  // Registers

  /** A number in every lane; the same register wherever the kernel asks for it. */
  constant(
    value: number,
    { element = "f32", lanes = this.lanes }: { readonly element?: "f32" | "i32"; readonly lanes?: number } = {},
  ): Register {
    // -0 and 0 are one key of a Map.
    const kind = `${element}${lanes}${Object.is(value, -0) ? "-" : ""}`;
    let known = this.#constants.get(kind);
    if (known === undefined) this.#constants.set(kind, (known = new Map<number, Register>()));
    let register = known.get(value);
    if (register === undefined) {
      register = this.#register(element, lanes);
      known.set(value, register);
      this.#countStatement();
      this.#constantStatements.push({ kind: "constant", target: register, value });
    }
    return register;
  }
  /** A register that may be assigned again, with a first value. */
  variable(initial: Register): Register {
    const target: Register = { id: this.#registers++, element: initial.element, lanes: initial.lanes, mutable: true };
    this.#add({ kind: "assign", target, value: initial });
    return target;
  }
  assign(target: Register, value: Register): void {
    this.#add({ kind: "assign", target, value });
  }
  /** target = op(operands), without a register between. */
  update(target: Register, op: ComputeOp, ...operands: readonly Register[]): void {
    this.#add({ kind: "compute", target, op, operands, immediate: undefined, table: undefined });
  }
  /** target += a * b. */
  accumulate(target: Register, a: Register, b: Register): void {
    this.update(target, "fma", a, b, target);
  }
  /** rows x columns mutable registers, zero (or as `initial` says). */
  accumulators(
    rows: number,
    columns: number,
    initial?: (row: number, column: number) => Register,
    lanes: number = this.lanes,
  ): Register[][] {
    return this.each(rows, (r) => this.each(columns, (c) => this.variable(initial ? initial(r, c) : this.constant(0, { lanes }))));
  }

  add(a: Register, b: Register): Register {
    return this.compute("add", [a, b]);
  }
  sub(a: Register, b: Register): Register {
    return this.compute("sub", [a, b]);
  }
  mul(a: Register, b: Register): Register {
    return this.compute("mul", [a, b]);
  }
  div(a: Register, b: Register): Register {
    return this.compute("div", [a, b]);
  }
  min(a: Register, b: Register): Register {
    return this.compute("min", [a, b]);
  }
  max(a: Register, b: Register): Register {
    return this.compute("max", [a, b]);
  }
  fma(a: Register, b: Register, c: Register): Register {
    return this.compute("fma", [a, b, c]);
  }
  select(mask: Register, a: Register, b: Register): Register {
    return this.compute("select", [mask, a, b]);
  }

  /** c + the dot products of the four bytes of each lane, u8 of a times i8 of b; see ComputeOp. */
  dotU8I8(a: Register, b: Register, c: Register): Register {
    return this.compute("dotU8I8", [a, b, c]);
  }
  /** c + the dot products of the two bf16 of each lane; see ComputeOp. */
  dotBf16(a: Register, b: Register, c: Register): Register {
    return this.compute("dotBf16", [a, b, c]);
  }
  /** Byte j of each 128-bit group becomes byte `table[j]` of that group of x, or 0 for -1. */
  shuffleBytes(x: Register, table: readonly number[]): Register {
    return this.#compute("shuffleBytes", [x], undefined, table);
  }

  /** Any operation by name; see ComputeOp. */
  compute(op: ComputeOp, operands: readonly Register[], immediate?: number): Register {
    return this.#compute(op, operands, immediate, undefined);
  }
  #compute(op: ComputeOp, operands: readonly Register[], immediate: number | undefined, table: readonly number[] | undefined): Register {
    const target = this.#register(resultElement(op, operands), operands[0].lanes);
    this.#add({ kind: "compute", target, op, operands, immediate, table });
    return target;
  }

  #add(statement: Statement): void {
    this.#countStatement();
    this.#body.push(statement);
  }
  #countStatement(): void {
    if (this.#statements++ < mostStatements) return;
    throw new VintnerError("UNSUPPORTED", {
      what: "a kernel of too many statements",
      where: `kernel "${this.name}"`,
      expected: `at most ${mostStatements}`,
      got: "more",
    });
  }
  #variable(name: string): IndexVariable {
    const id = this.#variables++;
    return { id, name: `${name}${id}` };
  }
  #register(element: Register["element"], lanes: number): Register {
    return { id: this.#registers++, element, lanes, mutable: false };
  }
  #index(name: string, definition: IndexDefinition): Index {
    const variable = this.#variable(name);
    this.#add({ kind: "index", variable, definition });
    return Index.variable(variable);
  }
  #scope(f: () => void): Statement[] {
    const outer = this.#body;
    const inner: Statement[] = [];
    this.#body = inner;
    f();
    this.#body = outer;
    return inner;
  }
}
