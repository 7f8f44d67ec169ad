import { numberToBfloat16 } from "../../src/common/bfloat16.ts";
import { numberToFloat16 } from "../../src/common/float16.ts";
import { Index, KernelBuilder } from "../../src/kernel/builder.ts";
import {
  type ComputeOp,
  integerRanges,
  type Kernel,
  type KernelBuffer,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  registerElements,
} from "../../src/kernel/kernel.ts";
import { type MemoryArray, memoryArray } from "../../src/kernel/memory-array.ts";
import type { KernelTarget } from "../../src/kernel/target.ts";

const elements = ["f32", "i32", "f16", "bf16", "u8", "i8", "u16", "i16", "i64"] as const;
const integers = elements.filter((e) => registerElements[e] !== "f32");
const lengthOf = { inputs: 64, outputs: 512, scratch: 96 };
const tasks = 6;

/** Arrays for the kernels' buffers: inputs of every element, then outputs. Values are of moderate size; some are special. */
export function randomKernelInputs(): MemoryArray[] {
  const inputLength = lengthOf.inputs;
  const numbers = Array.from(
    { length: inputLength },
    (_, i) => [((i * 37) % 101) / 8 - 6, 0, -0, NaN, 1e-39, 3.1e4][i % 9 < 5 ? 0 : (i % 9) - 3],
  );
  const wholes = numbers.map((v, i) => (Number.isNaN(v) ? -2147483648 : Math.trunc(v * (i % 5 === 0 ? 1e6 : 10))));
  const narrow: Partial<Record<MemoryElement, (n: number) => number>> = { f16: numberToFloat16, bf16: numberToBfloat16 };
  const zeros = (element: MemoryElement, length: number): MemoryArray =>
    memoryArray(element, new Uint8Array(length * memoryElementBytes[element]), 0, length);
  const inputs = elements.map((element) => {
    const array = zeros(element, inputLength);
    const values = registerElements[element] === "f32" ? numbers.map(narrow[element] ?? ((n) => n)) : wholes;
    array.set(element === "i64" ? values.flatMap((n, i) => [n, i % 3 === 0 ? n >> 31 : i]) : values);
    return array;
  });
  return [...inputs, ...elements.map((element) => zeros(element, lengthOf.outputs).fill(3))];
}

const f32Binary: readonly ComputeOp[] = ["add", "sub", "mul", "div", "min", "max"];
const f32Unary: readonly ComputeOp[] = ["neg", "abs", "sqrt", "floor", "ceil", "round", "trunc", "sumLanes", "maxLanes", "minLanes"];
const i32Binary: readonly ComputeOp[] = ["add", "sub", "mul", "min", "max", "and", "or", "xor"];
const i32Unary: readonly ComputeOp[] = ["neg", "abs", "not", "toF32", "sumLanes", "maxLanes", "minLanes"];
const shifts: readonly ComputeOp[] = ["shiftLeft", "shiftRight", "shiftRightLogical"];
const comparisons: readonly ComputeOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const unpacks: readonly ComputeOp[] = ["unpackLow32", "unpackHigh32", "unpackLow64", "unpackHigh64"];

/** Every form of the language, or only those of its first edition. */
export type KernelForms = "all" | "first";

/**
 * A kernel that a tape of numbers decides: loops, branches, indices, accumulators, loads and stores of every kind, and
 * operations over them. Every access is inside its buffer, by construction and provably. Values whose result the kernel language
 * leaves open (conversions out of range) do not occur; equal bits of a NaN are not promised.
 */
export function randomKernel(target: KernelTarget, tape: readonly number[], key: string, forms: KernelForms = "all"): Kernel {
  return new RandomKernel(target, tape, forms).build(key);
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
  /** Memory of each task, written before all else. */
  readonly #scratch: KernelBuffer[];
  readonly #lanes: number;
  readonly #forms: KernelForms;
  #at = 0;
  #depth = 0;

  constructor(target: KernelTarget, tape: readonly number[], forms: KernelForms) {
    this.#tape = tape;
    this.#forms = forms;
    this.#k = new KernelBuilder("random", target);
    const all = elements.map((e) => this.#k.buffer(`in_${e}`, e, lengthOf.inputs, "read"));
    // Each task has a part of the outputs of its own, so that they may run in any order.
    const outputs = elements.map((e) => this.#k.buffer(`out_${e}`, e, lengthOf.outputs, "readWrite"));
    const old = (b: KernelBuffer): boolean => ["f32", "i32", "f16", "u8", "i8"].includes(b.element);
    this.#inputs = forms === "all" ? all : all.filter(old);
    this.#outputs = forms === "all" ? outputs : outputs.filter(old);
    this.#lanes = this.#pick([1, 2, 4, target.lanes]);
    this.#scratch = forms === "all" ? [this.#clear("f32"), this.#clear("i32")] : [];
  }

  #clear(element: "f32" | "i32"): KernelBuffer {
    const k = this.#k;
    const buffer = k.buffer(`scratch_${element}`, element, lengthOf.scratch, "scratch");
    const value = k.constant(element === "f32" ? 0.5 : 5, { element, lanes: 4 });
    k.for(lengthOf.scratch / 4, (i) => k.store(buffer, i.mul(4), value));
    return buffer;
  }

  build(key: string): Kernel {
    const scope: Scope = { values: [], masks: [], variables: [], indices: [{ index: this.#k.modulo(this.#k.task, 3), most: 2 }] };
    while (!this.#isOver) this.#statement(scope);
    // What was made last is seen.
    for (const value of [...scope.values, ...scope.variables].slice(-8)) {
      const buffer = this.#outputs[value.element === "f32" ? 0 : 1];
      this.#k.store(buffer, this.#placeIn(scope, buffer, buffer.element, value.lanes), value);
    }
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
    if (this.#forms === "all" && this.#number(4) === 0) {
      this.#rareLoop(scope);
      return;
    }
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

  /** Loops whose ends are read from memory, and loops over large numbers in large steps. */
  #rareLoop(scope: Scope): void {
    const k = this.#k;
    const nested = (index: Index, most: number): void => this.#nested({ ...scope, indices: [...scope.indices, { index, most }] });
    if (this.#number(2) === 0) {
      const most = this.#number(5);
      k.range(0, this.#loadIndex(scope, -1, most), {}, (i) => nested(i, Math.max(0, most - 1)));
      return;
    }
    const step = 2 ** (20 + this.#number(9)) + this.#number(7);
    const begin = this.#number(2) === 0 ? this.#number(2 ** 16) : -this.#number(2 ** 16) * 2 ** 14;
    const rounds = 1 + this.#number(3);
    k.range(begin, begin + rounds * step - this.#number(step), { step }, (i) => nested(k.divide(i.add(-begin), step), rounds - 1));
  }

  /** An integer of memory between two numbers. */
  #loadIndex(scope: Scope, least: number, most: number): Index {
    const buffer = this.#pick(this.#inputs.filter((x) => registerElements[x.element] !== "f32"));
    return this.#k.loadIndex(buffer, this.#place(scope, buffer.length, 1), least, most);
  }

  #index(scope: Scope): void {
    const k = this.#k;
    const [a, b] = [this.#pick(scope.indices), this.#pick(scope.indices)];
    const by = 1 + this.#number(5);
    switch (this.#number(this.#forms === "all" ? 7 : 5)) {
      case 5: {
        // Large dividends and divisors, whose quotients lie near each other.
        const large = this.#number(2 ** 15) * 2 ** 16 - 1 - a.most + this.#number(2);
        const divisor = this.#pick([by, 3 * 2 ** 29 + by, 2 ** 20, 2 ** 30 + 1, 65537]);
        const dividend = Math.max(0, large);
        const [least, greatest] = [dividend, dividend + a.most].map((n) => Math.floor(n / divisor));
        scope.indices.push({ index: k.divide(a.index.add(dividend), divisor).add(-least), most: greatest - least });
        return;
      }
      case 6: {
        const divisor = this.#pick([3 * 2 ** 29, 2 ** 30, 65537, 12345]);
        const dividend = this.#number(2 ** 15) * 2 ** 15;
        scope.indices.push({ index: k.minIndex(k.modulo(a.index.add(dividend), divisor), by), most: by });
        return;
      }
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
      case 4:
        scope.indices.push({ index: this.#loadIndex(scope, 0, by), most: by });
        return;
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

  /** What an access moves: mostly the buffer's element, else integers of another width. */
  #elementOf(buffer: KernelBuffer): MemoryElement {
    const { element } = buffer;
    if (element !== "i64" && (this.#forms === "first" || registerElements[element] === "f32" || this.#number(3) > 0)) return element;
    return this.#pick(integers.filter((e) => e !== "i64"));
  }

  /** How many of a buffer's elements an access covers. */
  #covered = (buffer: KernelBuffer, element: MemoryElement, count: number): number =>
    Math.ceil((count * memoryElementBytes[element]) / memoryElementBytes[buffer.element]);

  #load(scope: Scope): Register {
    const kind = this.#number(6);
    const buffers = kind === 0 && this.#scratch.length > 0 ? this.#scratch : kind < 3 ? this.#outputs : this.#inputs;
    const buffer = this.#pick(buffers);
    const as = this.#elementOf(buffer);
    const lanes = this.#lanes;
    if (this.#number(3) === 0) return this.#k.broadcast(buffer, this.#placeIn(scope, buffer, as, 1), lanes, { as });
    const count = this.#number(2) === 0 ? lanes : 1 + this.#number(lanes);
    return this.#k.load(buffer, this.#placeIn(scope, buffer, as, count), { lanes, count, as });
  }

  /** Within the buffer, and of outputs within the part of the task. */
  #placeIn(scope: Scope, buffer: KernelBuffer, element: MemoryElement, count: number): Index {
    const covered = this.#covered(buffer, element, count);
    if (buffer.access !== "readWrite") return this.#place(scope, buffer.length, covered);
    const part = Math.floor(buffer.length / tasks);
    return this.#place(scope, part, covered).add(this.#k.task.mul(part));
  }

  #store(scope: Scope): void {
    const buffer = this.#pick(this.#scratch.length > 0 && this.#number(5) === 0 ? this.#scratch : this.#outputs);
    const as = this.#elementOf(buffer);
    const value = this.#value(scope, registerElements[as]);
    if (!value) return;
    const count = this.#number(2) === 0 ? value.lanes : 1 + this.#number(value.lanes);
    const saturate = this.#forms === "all" && integerRanges[as] !== undefined && this.#number(2) === 0;
    this.#k.store(buffer, this.#placeIn(scope, buffer, as, count), value, { count, as, saturate });
  }

  /** Lanes from where the lanes of a register say. */
  #gather(scope: Scope): Register | undefined {
    const offsets = this.#value(scope, "i32");
    if (!offsets) return undefined;
    const buffer = this.#pick(this.#inputs);
    const as = registerElements[buffer.element] === "f32" ? "f32" : "i32";
    if (as === "f32" && buffer.element !== "f32") return undefined;
    const most = this.#number(9);
    return this.#k.gather(buffer, this.#place(scope, buffer.length, this.#covered(buffer, as, 1) + most), offsets, most, { as });
  }

  /** Dot products and shuffles of bytes. */
  #bytes(scope: Scope): Register | undefined {
    const k = this.#k;
    const [a, b] = [this.#value(scope, "i32"), this.#value(scope, "i32")];
    if (!a || !b) return undefined;
    const word = (value: number): Register => k.constant(value, { element: "i32", lanes: a.lanes });
    switch (this.#number(4)) {
      case 0:
        return k.dotU8I8(a, b, this.#value(scope, "i32") as Register);
      case 1:
        return k.compute("dotU8I8Narrow", [a, k.compute("and", [b, word(0x3f3f3f3f)]), this.#value(scope, "i32") as Register]);
      case 2: {
        // Numbers from 1 to 2: subnormal ones may count as zero.
        const [x, y] = [a, b].map((r) => k.compute("or", [k.compute("and", [r, word(0x007f007f)]), word(0x3f803f80)]));
        const sum = this.#value(scope, "f32");
        return sum && k.dotBf16(x, y, sum);
      }
      default:
        return a.lanes < 4
          ? undefined
          : k.shuffleBytes(
              a,
              Array.from({ length: 16 }, () => this.#number(17) - 1),
            );
    }
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
    const draw = this.#number(this.#forms === "all" ? 12 : 9);
    if (draw > 9) {
      const made = draw === 10 ? this.#bytes(scope) : this.#gather(scope);
      if (made) scope.values.push(made);
      return;
    }
    switch (draw) {
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
