import { invariant } from "../../common/errors.ts";
import type { IndexExpression, IndexVariable } from "../../kernel/kernel.ts";
import type { Assembler, Memory } from "./assembler.ts";
import { rax, rcx, rdx } from "./general-registers.ts";

export const fitsByte = (n: number): boolean => n >= -128 && n <= 127;
const fitsInt = (n: number): boolean => n >= -(2 ** 31) && n < 2 ** 31;

/** 64-bit arithmetic on index variables, wherever they are. */
export class ScalarArithmetic {
  readonly #assembler: Assembler;
  readonly #place: (variable: IndexVariable) => number | Memory;

  /** `place`: a variable's register or memory. */
  constructor(assembler: Assembler, place: (variable: IndexVariable) => number | Memory) {
    this.#assembler = assembler;
    this.#place = place;
  }

  /** rax /= by, for 0 <= rax < 2^31 and 0 < by < 2^31, as the proof of bounds has it, by the reciprocal (Granlund and Montgomery, Division by Invariant Integers using Multiplication). */
  divide(by: number): void {
    const a = this.#assembler;
    const shift = 32 - Math.clz32(by - 1);
    if (2 ** shift === by) {
      if (shift > 0) a.op("shr", 128, [rax, shift]);
      return;
    }
    const magic = (1n << BigInt(31 + shift)) / BigInt(by) + 1n;
    a.op("mov.immD", 128, [rdx, magic]);
    a.op("imul", 128, [rax, rdx]);
    a.op("shr", 128, [rax, 31 + shift]);
  }

  /** rax %= by, within the same limits; rcx and rdx are lost. */
  remainder(by: number): void {
    const a = this.#assembler;
    if ((by & (by - 1)) === 0) {
      a.op(fitsByte(by - 1) ? "and.b" : "and.i", 128, [rax, by - 1]);
      return;
    }
    a.op("mov", 128, [rcx, rax]);
    this.divide(by);
    this.multiply(rax, rax, by);
    a.op("sub", 128, [rcx, rax]);
    a.op("mov", 128, [rax, rcx]);
  }

  /** rax = least where it is less, most where it is more, in 64 bits; rcx is lost. */
  clamp(least: number, most: number): void {
    for (const [bound, move] of [
      [least, "cmovg"],
      [most, "cmovl"],
    ] as const) {
      this.assign(rcx, bound);
      this.#assembler.op("cmp", 128, [rcx, rax]);
      this.#assembler.op(move, 128, [rax, rcx]);
    }
  }

  /** The smaller or the larger of two indices, into rax; rcx and rdx are lost. */
  evaluateExtreme(which: "min" | "max", a: IndexExpression, b: IndexExpression): void {
    this.evaluate(b);
    this.#assembler.op("mov", 128, [rdx, rax]);
    this.evaluate(a);
    this.#assembler.op("cmp", 128, [rdx, rax]);
    this.#assembler.op(which === "min" ? "cmovl" : "cmovg", 128, [rax, rdx]);
  }

  /** Into rax; rcx is scratch. */
  evaluate({ constant, terms }: IndexExpression): void {
    const a = this.#assembler;
    for (const [i, { variable, factor }] of terms.entries()) {
      const place = this.#place(variable);
      if (i === 0) {
        if (factor === 1) a.op("mov", 128, [rax, place]);
        else this.multiply(rax, place, factor);
      } else if (factor === 1) a.op("add", 128, [rax, place]);
      else {
        this.multiply(rcx, place, factor);
        a.op("add", 128, [rax, rcx]);
      }
    }
    if (terms.length === 0) this.assign(rax, constant);
    else this.addImmediate(rax, constant);
  }
  evaluateDifference(a: IndexExpression, b: IndexExpression): void {
    this.evaluate(b);
    this.#assembler.op("mov", 128, [rdx, rax]);
    this.evaluate(a);
    this.#assembler.op("sub", 128, [rax, rdx]);
  }

  assign(place: number | Memory, value: number): void {
    if (fitsInt(value)) this.#assembler.op("mov.imm", 128, [place, value]);
    else {
      this.#assembler.op("mov.immQ", 128, [rcx, BigInt(value)]);
      this.#assembler.op("mov.store", 128, [place, rcx]);
    }
  }
  addImmediate(place: number | Memory, value: number): void {
    if (value === 0) return;
    if (fitsByte(value)) this.#assembler.op("add.b", 128, [place, value]);
    else if (fitsInt(value)) this.#assembler.op("add.i", 128, [place, value]);
    else {
      this.#assembler.op("mov.immQ", 128, [rcx, BigInt(value)]);
      this.#assembler.op("add.mr", 128, [place, rcx]);
    }
  }
  /** target = source * factor. */
  multiply(target: number, source: number | Memory, factor: number): void {
    // The logarithm of a number beside a large power of two is rounded to a whole one.
    const shift = Math.round(Math.log2(factor));
    if (2 ** shift === factor) {
      if (source !== target) this.#assembler.op("mov", 128, [target, source]);
      if (shift > 0) this.#assembler.op("shl", 128, [target, shift]);
    } else if (fitsInt(factor)) this.#assembler.op("imul.i", 128, [target, source, factor]);
    else {
      invariant(source !== target, "a factor of more than 32 bits in place");
      this.#assembler.op("mov.immQ", 128, [target, BigInt(factor)]);
      this.#assembler.op("imul", 128, [target, source]);
    }
  }
}
