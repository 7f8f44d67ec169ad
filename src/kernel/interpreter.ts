import { VintnerError } from "../common/errors.ts";
import { forEachStatement, registersReadBy, registerSetBy } from "./for-each-statement.ts";
import { interpretCompute, type RegisterFile } from "./interpret-compute.ts";
import { elementAccess, saturate } from "./interpret-memory.ts";
import {
  type IndexDefinition,
  type IndexExpression,
  type IndexVariable,
  type Kernel,
  type KernelBuffer,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  type Statement,
} from "./kernel.ts";
import type { MemoryArray } from "./memory-array.ts";
import type { KernelTarget } from "./target.ts";

/** Runs tasks [begin, end) of a kernel over arrays, one for each of its buffers and of its element type (see MemoryArray). */
export type InterpretedKernel = (arrays: readonly MemoryArray[], begin: number, end: number) => void;

type Action = () => void;
type Value = () => number;
type Load = Extract<Statement, { kind: "load" }>;
type Store = Extract<Statement, { kind: "store" }>;
type Gather = Extract<Statement, { kind: "gather" }>;

/**
 * Turns a kernel's statements into closures. Every access is checked against the buffer's length (INTERNAL error that
 * names kernel, buffer, index and length); f32 results are rounded after each operation. `fma` rounds the product to
 * f32 where the target does not fuse; where it does, the sum is formed in f64 and then rounded, which is at most one
 * rounding of 2^-53 away from the fused result. `sumLanes` adds the halves of the vector repeatedly.
 */
export function interpretKernel(kernel: Kernel, { fusedMultiplyAdd }: Pick<KernelTarget, "fusedMultiplyAdd">): InterpretedKernel {
  return new KernelCompiler(kernel, fusedMultiplyAdd).compile();
}

class KernelCompiler {
  readonly #kernel: Kernel;
  readonly #fused: boolean;
  readonly #slots = new Map<number, number>();
  readonly #variableSlots = new Map<number, number>();
  readonly #file: RegisterFile;
  readonly #variables: Float64Array;
  /** The arguments of the call that is running, and their bytes. */
  readonly #arrays: MemoryArray[] = [];
  readonly #bytes: DataView[] = [];
  readonly #scratch: DataView[];

  constructor(kernel: Kernel, fused: boolean) {
    this.#kernel = kernel;
    this.#fused = fused;
    let lanes = 0;
    const add = (register: Register): void => {
      if (this.#slots.has(register.id)) return;
      this.#slots.set(register.id, lanes);
      lanes += register.lanes;
    };
    this.#variableSlots.set(kernel.task.id, 0);
    forEachStatement(kernel.body, (s) => {
      const set = registerSetBy(s);
      if (set) add(set);
      registersReadBy(s).forEach(add);
      if (s.kind === "for" || s.kind === "index") this.#variableSlots.set(s.variable.id, this.#variableSlots.size);
    });
    const bytes = new ArrayBuffer(lanes * 4);
    this.#file = { f32: new Float32Array(bytes), i32: new Int32Array(bytes) };
    this.#variables = new Float64Array(this.#variableSlots.size);
    this.#scratch = kernel.scratch.map((b) => new DataView(new ArrayBuffer(b.length * memoryElementBytes[b.element])));
  }

  compile(): InterpretedKernel {
    const body = this.#block(this.#kernel.body);
    const task = this.#variableSlot(this.#kernel.task);
    const variables = this.#variables;
    return (arrays, begin, end) => {
      for (const buffer of this.#kernel.buffers) {
        const length = (arrays[buffer.index]?.byteLength ?? 0) / memoryElementBytes[buffer.element];
        if (length < buffer.length) throw this.#error("the array is too short", buffer, `${buffer.length} elements`, `${length}`);
        const array = arrays[buffer.index];
        if (this.#arrays[buffer.index] === array) continue;
        this.#arrays[buffer.index] = array;
        this.#bytes[buffer.index] = new DataView(array.buffer, array.byteOffset, array.byteLength);
      }
      for (let t = begin; t < end; t++) {
        variables[task] = t;
        body();
      }
    };
  }

  #block(statements: readonly Statement[]): Action {
    const actions = statements.map((s) => this.#statement(s));
    if (actions.length === 1) return actions[0];
    return () => {
      for (let i = 0; i < actions.length; i++) actions[i]();
    };
  }

  #statement(s: Statement): Action {
    switch (s.kind) {
      case "for": {
        const begin = this.#index(s.begin);
        const end = this.#index(s.end);
        const body = this.#block(s.body);
        const variable = this.#variableSlot(s.variable);
        const variables = this.#variables;
        return () => {
          const last = end();
          for (let i = begin(); i < last; i += s.step) {
            variables[variable] = i;
            body();
          }
        };
      }
      case "if": {
        const index = this.#index(s.nonNegative);
        const then = this.#block(s.then);
        const otherwise = this.#block(s.otherwise);
        return () => (index() >= 0 ? then() : otherwise());
      }
      case "index": {
        const variable = this.#variableSlot(s.variable);
        const value = this.#definition(s.definition);
        const variables = this.#variables;
        return () => {
          variables[variable] = value();
        };
      }
      case "load":
        return this.#load(s);
      case "store":
        return this.#store(s);
      case "gather":
        return this.#gather(s);
      case "constant": {
        const t = this.#slot(s.target);
        const file = s.target.element === "f32" ? this.#file.f32 : this.#file.i32;
        return () => file.fill(s.value, t, t + s.target.lanes);
      }
      case "compute":
        return interpretCompute(s, this.#file, (r) => this.#slot(r), this.#fused);
      case "assign": {
        const t = this.#slot(s.target);
        const v = this.#slot(s.value);
        const { i32 } = this.#file;
        return () => {
          for (let l = 0; l < s.target.lanes; l++) i32[t + l] = i32[v + l];
        };
      }
    }
  }

  #definition(definition: IndexDefinition): Value {
    switch (definition.op) {
      case "divide": {
        const a = this.#index(definition.a);
        return () => Math.floor(a() / definition.by);
      }
      case "modulo": {
        const a = this.#index(definition.a);
        return () => a() % definition.by;
      }
      case "min":
      case "max": {
        const f = Math[definition.op];
        const a = this.#index(definition.a);
        const b = this.#index(definition.b);
        return () => f(a(), b());
      }
      case "load": {
        const { buffer, element, least, most } = definition;
        const at = this.#place(buffer, definition.index, element, 1);
        const bytes = this.#bytesOf(buffer);
        const { read } = elementAccess[element];
        return () => Math.max(least, Math.min(most, read(bytes(), at())));
      }
    }
  }

  /** The byte at which an access begins, checked. */
  #place(buffer: KernelBuffer, index: IndexExpression, element: MemoryElement, count: number): Value {
    const at = this.#index(index);
    const unit = memoryElementBytes[buffer.element];
    const size = count * memoryElementBytes[element];
    return () => {
      const from = at();
      if (from < 0 || from * unit + size > buffer.length * unit) throw this.#outside(buffer, from, size / unit);
      return from * unit;
    };
  }

  #bytesOf({ access, index }: KernelBuffer): () => DataView {
    const bytes = this.#bytes;
    if (access !== "scratch") return () => bytes[index];
    const scratch = this.#scratch[index];
    return () => scratch;
  }

  #load({ target, buffer, index, element, count, broadcast }: Load): Action {
    const { lanes } = target;
    const t = this.#slot(target);
    const at = this.#place(buffer, index, element, broadcast ? 1 : count);
    const unit = memoryElementBytes[element];
    const bytes = this.#bytesOf(buffer);
    const { read, file: kind } = elementAccess[element];
    const file = this.#file[kind];
    if (element === "f32" && buffer.element === "f32" && buffer.access !== "scratch")
      return this.#loadFloats(t, lanes, buffer, at, count, broadcast);
    if (broadcast)
      return () => {
        const from = at();
        file.fill(read(bytes(), from), t, t + lanes);
      };
    return () => {
      const from = at();
      const memory = bytes();
      for (let l = 0; l < count; l++) file[t + l] = read(memory, from + l * unit);
      for (let l = count; l < lanes; l++) file[t + l] = 0;
    };
  }

  /** The commonest loads, spared a call for each lane. */
  #loadFloats(t: number, lanes: number, buffer: KernelBuffer, at: Value, count: number, broadcast: boolean): Action {
    const arrays = this.#arrays;
    const { f32 } = this.#file;
    if (broadcast)
      return () => {
        const from = at() / 4;
        const value = (arrays[buffer.index] as Float32Array)[from];
        for (let l = 0; l < lanes; l++) f32[t + l] = value;
      };
    return () => {
      const from = at() / 4;
      const array = arrays[buffer.index] as Float32Array;
      for (let l = 0; l < count; l++) f32[t + l] = array[from + l];
      for (let l = count; l < lanes; l++) f32[t + l] = 0;
    };
  }

  #store({ buffer, index, element, value, count, saturate: saturates }: Store): Action {
    const v = this.#slot(value);
    const at = this.#place(buffer, index, element, count);
    const unit = memoryElementBytes[element];
    const bytes = this.#bytesOf(buffer);
    const { write, file: kind } = elementAccess[element];
    const file = this.#file[kind];
    return () => {
      const to = at();
      const memory = bytes();
      for (let l = 0; l < count; l++) write(memory, to + l * unit, saturates ? saturate(element, file[v + l]) : file[v + l]);
    };
  }

  #gather({ target, buffer, base, element, offsets, most }: Gather): Action {
    const { lanes } = target;
    const t = this.#slot(target);
    const o = this.#slot(offsets);
    const unit = memoryElementBytes[buffer.element];
    const first = this.#place(buffer, base, element, 1);
    const last = this.#place(buffer, { constant: base.constant + most, terms: base.terms }, element, 1);
    const bytes = this.#bytesOf(buffer);
    const { read } = elementAccess[element];
    const { i32 } = this.#file;
    return () => {
      const from = first();
      last();
      const memory = bytes();
      // The target may be the offsets' register.
      for (let l = 0; l < lanes; l++) i32[t + l] = read(memory, from + Math.max(0, Math.min(most, i32[o + l])) * unit);
    };
  }

  #index({ constant, terms }: IndexExpression): Value {
    const variables = this.#variables;
    const slots = terms.map((t) => this.#variableSlot(t.variable));
    const factors = terms.map((t) => t.factor);
    const [s0, s1, s2] = slots;
    const [f0, f1, f2] = factors;
    switch (terms.length) {
      case 0:
        return () => constant;
      case 1:
        return () => constant + variables[s0] * f0;
      case 2:
        return () => constant + variables[s0] * f0 + variables[s1] * f1;
      case 3:
        return () => constant + variables[s0] * f0 + variables[s1] * f1 + variables[s2] * f2;
      default:
        return () => {
          let sum = constant;
          for (let i = 0; i < slots.length; i++) sum += variables[slots[i]] * factors[i];
          return sum;
        };
    }
  }

  #slot(register: Register): number {
    return this.#slots.get(register.id) as number;
  }

  #variableSlot(variable: IndexVariable): number {
    const slot = this.#variableSlots.get(variable.id);
    if (slot === undefined)
      throw new VintnerError("INTERNAL", {
        what: `index variable ${variable.name} is never defined`,
        where: `kernel "${this.#kernel.name}"`,
      });
    return slot;
  }

  #outside(buffer: KernelBuffer, index: number, count: number): VintnerError {
    return this.#error("access outside the buffer", buffer, `elements in [0, ${buffer.length})`, `[${index}, ${index + count})`);
  }

  #error(what: string, buffer: KernelBuffer, expected: string, got: string): VintnerError {
    return new VintnerError("INTERNAL", { what, where: `kernel "${this.#kernel.name}", buffer "${buffer.name}"`, expected, got });
  }
}
