import { float16ToNumber, numberToFloat16 } from "../common/float16.ts";
import { VintnerError } from "../common/errors.ts";
import { forEachStatement, registersReadBy, registerSetBy } from "./for-each-statement.ts";
import { interpretCompute, type RegisterFile } from "./interpret-compute.ts";
import type { IndexDefinition, IndexExpression, IndexVariable, Kernel, KernelBuffer, Register, Statement } from "./kernel.ts";
import type { MemoryArray } from "./memory-array.ts";
import type { KernelTarget } from "./target.ts";

/** Runs tasks [begin, end) of a kernel over arrays, one for each of its buffers and of its element type (f16 as bits). */
export type InterpretedKernel = (arrays: readonly MemoryArray[], begin: number, end: number) => void;

type Action = () => void;
type Value = () => number;
type Load = Extract<Statement, { kind: "load" }>;
type Store = Extract<Statement, { kind: "store" }>;

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
  /** The arrays of the call that is running. */
  readonly #arrays: MemoryArray[] = [];

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
  }

  compile(): InterpretedKernel {
    const body = this.#block(this.#kernel.body);
    const task = this.#variableSlot(this.#kernel.task);
    const variables = this.#variables;
    return (arrays, begin, end) => {
      for (const buffer of this.#kernel.buffers) {
        const length = arrays[buffer.index]?.length ?? 0;
        if (length < buffer.length) throw this.#error("the array is too short", buffer, `${buffer.length} elements`, `${length}`);
        this.#arrays[buffer.index] = arrays[buffer.index];
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
      case "constant": {
        const t = this.#slot(s.target);
        const file = s.target.element === "f32" ? this.#file.f32 : this.#file.i32;
        return () => file.fill(s.value, t, t + s.target.lanes);
      }
      case "compute":
        return interpretCompute(s.op, s.target, s.operands, s.immediate ?? 0, this.#file, (r) => this.#slot(r), this.#fused);
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
        const { buffer, least, most } = definition;
        const index = this.#index(definition.index);
        const arrays = this.#arrays;
        return () => {
          const at = index();
          if (at < 0 || at >= buffer.length) throw this.#outside(buffer, at, 1);
          return Math.max(least, Math.min(most, arrays[buffer.index][at]));
        };
      }
    }
  }

  #load({ target, buffer, index, count, broadcast }: Load): Action {
    const { lanes } = target;
    const t = this.#slot(target);
    const at = this.#index(index);
    const arrays = this.#arrays;
    const { f32, i32 } = this.#file;
    const elements = broadcast ? 1 : count;
    // Words are copied as they are, so that bits that are a NaN as f32 survive.
    const widen = buffer.element === "f16" ? float16ToNumber : undefined;
    const check = (): number => {
      const from = at();
      if (from < 0 || from + elements > buffer.length) throw this.#outside(buffer, from, elements);
      return from;
    };
    if (widen)
      return () => {
        const from = check();
        const array = arrays[buffer.index];
        if (broadcast) f32.fill(widen(array[from]), t, t + lanes);
        else for (let l = 0; l < lanes; l++) f32[t + l] = l < count ? widen(array[from + l]) : 0;
      };
    const file = buffer.element === "f32" ? f32 : i32;
    if (broadcast)
      return () => {
        const from = check();
        const value = arrays[buffer.index][from];
        for (let l = 0; l < lanes; l++) file[t + l] = value;
      };
    return () => {
      const from = check();
      const array = arrays[buffer.index];
      for (let l = 0; l < count; l++) file[t + l] = array[from + l];
      for (let l = count; l < lanes; l++) file[t + l] = 0;
    };
  }

  #store({ buffer, index, value, count }: Store): Action {
    const v = this.#slot(value);
    const at = this.#index(index);
    const arrays = this.#arrays;
    const file = value.element === "f32" ? this.#file.f32 : this.#file.i32;
    const narrow = buffer.element === "f16" ? numberToFloat16 : undefined;
    return () => {
      const to = at();
      if (to < 0 || to + count > buffer.length) throw this.#outside(buffer, to, count);
      const array = arrays[buffer.index];
      if (narrow) for (let l = 0; l < count; l++) array[to + l] = narrow(file[v + l]);
      else for (let l = 0; l < count; l++) array[to + l] = file[v + l];
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
