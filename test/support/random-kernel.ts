import { numberToFloat16 } from "../../src/common/float16.ts";
import { Index, KernelBuilder } from "../../src/kernel/builder.ts";
import type { ComputeOp, Kernel, KernelBuffer, MemoryElement, Register } from "../../src/kernel/kernel.ts";
import type { MemoryArray } from "../../src/kernel/memory-array.ts";
import type { KernelTarget } from "../../src/kernel/target.ts";

const elements = ["f32", "i32", "f16", "u8", "i8"] as const;
const inputLength = 64;
const outputLength = 512;
const tasks = 3;

/** Arrays for the kernels' buffers: inputs of every element, then outputs. Values are of moderate size; some are special. */
export function randomKernelInputs(): MemoryArray[] {
  const numbers = Array.from(
    { length: inputLength },
    (_, i) => [((i * 37) % 101) / 8 - 6, 0, -0, NaN, 1e-39, 3.1e4][i % 9 < 5 ? 0 : (i % 9) - 3],
  );
  const wholes = numbers.map((v, i) => (Number.isNaN(v) ? -2147483648 : Math.trunc(v * (i % 5 === 0 ? 1e6 : 10))));
  const inputs = [
    Float32Array.from(numbers),
    Int32Array.from(wholes),
    Uint16Array.from(numbers, numberToFloat16),
    Uint8Array.from(wholes),
    Int8Array.from(wholes),
  ];
  const arrays = [Float32Array, Int32Array, Uint16Array, Uint8Array, Int8Array];
  return [...inputs, ...arrays.map((type) => new type(outputLength).fill(3))];
}

const f32Binary: readonly ComputeOp[] = ["add", "sub", "mul", "div", "min", "max"];
const f32Unary: readonly ComputeOp[] = ["neg", "abs", "sqrt", "floor", "ceil", "round", "trunc", "sumLanes", "maxLanes", "minLanes"];
const i32Binary: readonly ComputeOp[] = ["add", "sub", "mul", "min", "max", "and", "or", "xor"];
const i32Unary: readonly ComputeOp[] = ["neg", "abs", "not", "toF32", "sumLanes", "maxLanes", "minLanes"];
const shifts: readonly ComputeOp[] = ["shiftLeft", "shiftRight", "shiftRightLogical"];
const comparisons: readonly ComputeOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const unpacks: readonly ComputeOp[] = ["unpackLow32", "unpackHigh32", "unpackLow64", "unpackHigh64"];

/**
 * A kernel that a tape of numbers decides: loops, branches, indices, accumulators, loads and stores of every kind, and
 * operations over them. Every access is inside its buffer, by construction and provably. Values whose result the kernel language
 * leaves open (conversions out of range) do not occur; equal bits of a NaN are not promised.
 */
export function randomKernel(target: KernelTarget, tape: readonly number[], key: string): Kernel {
  return new RandomKernel(target, tape).build(key);
}

interface Scope {
  readonly values: Register[];
  readonly masks: Register[];
  readonly variables: Register[];
  /** Index variables with the least and most value of each. */
  readonly indices: { readonly index: Index; readonly most: number }[];
}

class RandomKernel {
  readonly #k: KernelBuilder;
  readonly #tape: readonly number[];
  readonly #inputs: KernelBuffer[];
  readonly #outputs: KernelBuffer[];
  readonly #lanes: number;
  #at = 0;
  #depth = 0;

  constructor(target: KernelTarget, tape: readonly number[]) {
    this.#tape = tape;
    this.#k = new KernelBuilder("random", target);
    this.#inputs = elements.map((e) => this.#k.buffer(`in_${e}`, e, inputLength, "read"));
    this.#outputs = elements.map((e) => this.#k.buffer(`out_${e}`, e, outputLength, "readWrite"));
    this.#lanes = this.#pick([1, 2, 4, target.lanes]);
  }

  build(key: string): Kernel {
    const scope: Scope = { values: [], masks: [], variables: [], indices: [{ index: this.#k.task, most: tasks - 1 }] };
    while (!this.#isOver) this.#statement(scope);
    return this.#k.build({ key, tasks });
  }

  get #isOver(): boolean {
    return this.#at >= this.#tape.length;
  }
  #number(limit: number): number {
    return (this.#tape[this.#at++] ?? 0) % limit;
  }
  #pick<T>(items: readonly T[]): T {
    return items[this.#number(items.length)];
  }

  #block(outer: Scope): void {
    const scope: Scope = {
      values: [...outer.values],
      masks: [...outer.masks],
      variables: [...outer.variables],
      indices: [...outer.indices],
    };
    const length = 4 + this.#number(24);
    for (let i = 0; i < length && !this.#isOver; i++) this.#statement(scope);
  }

  #nested(scope: Scope): void {
    this.#depth++;
    this.#block(scope);
    this.#depth--;
  }

  #statement(scope: Scope): void {
    const k = this.#k;
    switch (this.#number(13)) {
      case 0:
        if (this.#depth < 3) this.#loop(scope);
        return;
      case 1:
        if (this.#depth < 3) {
          const { index, most } = this.#pick(scope.indices);
          k.ifNonNegative(
            index.mul(-1).add(this.#number(most + 2)),
            () => this.#nested(scope),
            () => this.#nested(scope),
          );
        }
        return;
      case 2:
        this.#index(scope);
        return;
      case 3:
      case 4:
        scope.values.push(this.#load(scope));
        return;
      case 5:
        this.#store(scope);
        return;
      case 6: {
        const value = this.#value(scope);
        if (value) scope.variables.push(k.variable(value));
        return;
      }
      case 7:
        this.#update(scope);
        return;
      default:
        this.#compute(scope);
    }
  }

  #loop(scope: Scope): void {
    const outer = this.#pick(scope.indices);
    const count = 1 + this.#number(4);
    const step = 1 + this.#number(2);
    // From 0, from another index, or to one.
    const kind = this.#number(3);
    const begin = kind === 1 ? outer.index : new Index(this.#number(2));
    const end = kind === 2 ? outer.index : begin.add(count);
    const most = kind === 0 ? begin.constant + count - 1 : kind === 1 ? outer.most + count - 1 : outer.most;
    this.#k.range(begin, end, { step }, (i) =>
      this.#nested({ ...scope, indices: [...scope.indices, { index: i, most: Math.max(0, most) }] }),
    );
  }

  #index(scope: Scope): void {
    const k = this.#k;
    const [a, b] = [this.#pick(scope.indices), this.#pick(scope.indices)];
    const by = 1 + this.#number(5);
    switch (this.#number(5)) {
      case 0:
        scope.indices.push({ index: k.divide(a.index.add(by), by), most: Math.floor(a.most / by) + 1 });
        return;
      case 1:
        scope.indices.push({ index: k.modulo(a.index, by), most: by - 1 });
        return;
      case 2:
        scope.indices.push({ index: k.minIndex(a.index, b.index), most: Math.min(a.most, b.most) });
        return;
      case 3:
        scope.indices.push({ index: k.maxIndex(a.index, b.index.add(-by)), most: Math.max(a.most, b.most) });
        return;
      case 4: {
        const buffer = this.#pick(this.#inputs.filter((x) => x.element !== "f32" && x.element !== "f16"));
        scope.indices.push({ index: k.loadIndex(buffer, this.#place(scope, inputLength, 1), 0, by), most: by });
        return;
      }
    }
  }

  /** An index below length - count + 1, of up to two variables. */
  #place(scope: Scope, length: number, count: number): Index {
    let room = length - count;
    let index = new Index(0);
    for (let i = this.#number(3); i > 0; i--) {
      const { index: term, most } = this.#pick(scope.indices);
      const factor = 1 + this.#number(9);
      if (most * factor > room) continue;
      room -= most * factor;
      index = index.add(term.mul(factor));
    }
    return index.add(this.#number(room + 1));
  }

  #load(scope: Scope): Register {
    const buffer = this.#pick(this.#number(3) === 0 ? this.#outputs : this.#inputs);
    const lanes = this.#lanes;
    if (this.#number(3) === 0) return this.#k.broadcast(buffer, this.#place(scope, buffer.length, 1), lanes);
    const count = this.#number(2) === 0 ? lanes : 1 + this.#number(lanes);
    return this.#k.load(buffer, this.#place(scope, buffer.length, count), { lanes, count });
  }

  #store(scope: Scope): void {
    const buffer = this.#pick(this.#outputs);
    const value = this.#value(scope, elementOf(buffer.element));
    if (!value) return;
    const count = this.#number(2) === 0 ? value.lanes : 1 + this.#number(value.lanes);
    this.#k.store(buffer, this.#place(scope, buffer.length, count), value, { count });
  }

  #value(scope: Scope, element?: Register["element"]): Register | undefined {
    const fitting = [...scope.values, ...scope.variables].filter((r) => element === undefined || r.element === element);
    return fitting.length > 0 ? this.#pick(fitting) : undefined;
  }

  #update(scope: Scope): void {
    const target = scope.variables.length > 0 ? this.#pick(scope.variables) : undefined;
    const value = target && this.#value(scope, target.element);
    if (!target || !value) return;
    const other = this.#value(scope, target.element) as Register;
    if (this.#number(3) === 0) this.#k.assign(target, value);
    else if (target.element === "f32" && this.#number(2) === 0) this.#k.accumulate(target, value, other);
    else
      this.#k.update(target, this.#pick(target.element === "f32" ? f32Binary : i32Binary), value, this.#number(2) === 0 ? target : other);
  }

  #compute(scope: Scope): void {
    const k = this.#k;
    const lanes = this.#lanes;
    const a = this.#value(scope);
    if (!a) {
      const element = this.#pick(["f32", "i32"] as const);
      scope.values.push(k.constant(this.#number(40) - 20 + (element === "f32" ? 0.25 : 0), { element, lanes }));
      return;
    }
    const b = this.#value(scope, a.element) as Register;
    const isFloat = a.element === "f32";
    switch (this.#number(9)) {
      case 0:
        scope.masks.push(k.compute(this.#pick(comparisons), [a, b]));
        return;
      case 1:
        if (scope.masks.length > 0) scope.values.push(k.select(this.#pick(scope.masks), a, b));
        return;
      case 2:
        if (scope.masks.length > 0)
          scope.masks.push(k.compute(this.#pick(["and", "or", "xor"] as const), [this.#pick(scope.masks), this.#pick(scope.masks)]));
        return;
      case 3:
        scope.values.push(k.compute("broadcastLane", [a], this.#number(lanes)));
        return;
      case 4:
        if (lanes >= 4) scope.values.push(k.compute(this.#pick(unpacks), [a, b]));
        return;
      case 5:
        scope.values.push(isFloat ? this.#toI32(a) : k.compute(this.#pick(shifts), [a], this.#number(32)));
        return;
      case 6:
        if (isFloat) scope.values.push(k.fma(a, b, this.#value(scope, "f32") as Register));
        return;
      case 7:
        scope.values.push(k.compute(this.#pick(isFloat ? f32Unary : i32Unary), [a]));
        return;
      default:
        scope.values.push(k.compute(this.#pick(isFloat ? f32Binary : i32Binary), [a, b]));
    }
  }

  /** Clamped first: NaN and large values become numbers whose conversion is defined. */
  #toI32(value: Register): Register {
    const k = this.#k;
    const limit = (v: number): Register => k.constant(v, { lanes: value.lanes });
    return k.compute("toI32", [k.min(k.max(value, limit(-1e6)), limit(1e6))]);
  }
}

const elementOf = (element: MemoryElement): "f32" | "i32" => (element === "f32" || element === "f16" ? "f32" : "i32");
