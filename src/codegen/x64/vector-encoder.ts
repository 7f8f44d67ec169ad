import { invariant } from "../../common/errors.ts";
import type { Allocation } from "./allocate-registers.ts";
import type { Assembler, Memory, VectorWidth } from "./assembler.ts";
import { rax, rsp } from "./general-registers.ts";
import { type InstructionName, instructions } from "./instructions.ts";
import type { Address, Constant, MachineOp, MachineOperand, VirtualRegister } from "./machine.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { isAvx512 } from "./instruction-buffer.ts";

/** Encodes allocated vector instructions: physical registers, literals, the forms of multiply-add. */
export class VectorEncoder {
  readonly #assembler: Assembler;
  readonly #avx512: boolean;
  readonly #allocation: Allocation;
  readonly #address: (address: Address) => Memory;

  constructor(assembler: Assembler, target: KernelTarget, allocation: Allocation, address: (address: Address) => Memory) {
    this.#assembler = assembler;
    this.#avx512 = isAvx512(target);
    this.#allocation = allocation;
    this.#address = address;
  }

  /** Fills the registers of the constants that begin before an item. */
  materialize(item: number): void {
    for (const { constant, width, register } of this.#allocation.materialized.get(item) ?? []) this.#fill(register, constant, width);
  }

  encode(op: MachineOp, item: number): void {
    if (op.name === "move") this.#move(op, item);
    else if (op.name === "fma") this.#multiplyAdd(op, item);
    else if (op.name === "gather") this.#gather(op);
    else {
      const form = instructions[op.name];
      const splats = this.#avx512 && form.memory === "full" && form.encoding !== "vex";
      const operands: (number | Memory)[] = [];
      for (const o of op.operands) operands.push(this.#operand(o, item, op.width, splats));
      if (op.mask === undefined) this.#assembler.op(op.name, op.width, operands);
      else
        this.#assembler.op(op.name, op.width, operands, { mask: this.#operand(op.mask, item, op.width, false) as number, zero: op.zero });
    }
  }

  #gather({ operands: [target, address, offsets, mask], width }: MachineOp): void {
    const to = this.#physical(target as VirtualRegister);
    const lanes = this.#physical(mask as VirtualRegister);
    const { base, displacement } = this.#address(address as Address);
    const from = {
      base: base as number,
      displacement,
      index: this.#physical(offsets as VirtualRegister),
      scale: (address as Address).scale ?? 4,
      gathers: true,
    };
    if (this.#avx512) this.#assembler.op("vpgatherdd.e", width, [to, from], { mask: lanes });
    else this.#assembler.op("vpgatherdd", width, [to, from, lanes]);
  }

  #physical(register: VirtualRegister): number {
    const physical = this.#allocation.registers[register.id];
    if (physical < 0) throw new RangeError(`register v${register.id} was not allocated`);
    return physical;
  }

  #operand(operand: MachineOperand, item: number, width: VectorWidth, splats: boolean): number | Memory {
    if (typeof operand === "number") return operand;
    switch (operand.kind) {
      case "register":
        return this.#physical(operand);
      case "slot":
        return { base: rsp, displacement: operand.index * 64 };
      case "address":
        return this.#address(operand);
      case "constant":
        return this.#allocation.constantAt(operand, item) ?? this.#literal(operand, width, splats);
    }
  }

  #literal({ file, words }: Constant, width: VectorWidth, splats: boolean): Memory {
    invariant(file === "vector", "a mask in the literal pool");
    if (words.length === 1 && splats) return { displacement: 0, literal: this.#assembler.literal(words), broadcast: true };
    const lanes = width / 32;
    return {
      displacement: 0,
      literal: this.#assembler.literal(words.length === 1 ? Array.from({ length: lanes }, () => words[0]) : words.slice(0, lanes)),
    };
  }

  #fill(register: number, constant: Constant, width: VectorWidth): void {
    const a = this.#assembler;
    if (constant.file === "mask") {
      a.op("mov.immD", 128, [rax, constant.words[0]]);
      a.op("kmovw.r", 128, [register, rax]);
    } else if (constant.words.every((w) => w === 0)) a.op("vxorps", 128, [register, register, register]);
    else if (constant.words.length === 1) a.op("vbroadcastss", width, [register, { displacement: 0, literal: a.literal(constant.words) }]);
    else a.op("vmovups", width, [register, this.#literal(constant, width, false)]);
  }

  #move({ operands: [target, source], width }: MachineOp, item: number): void {
    const a = this.#assembler;
    if (typeof target === "object" && target.kind === "slot") {
      const register = source as VirtualRegister;
      const [name, bits] = register.file === "mask" ? (["kmovw.store", 128] as const) : (["vmovups.store", width] as const);
      a.op(name, bits, [this.#operand(target, item, width, false), this.#physical(register)]);
      return;
    }
    const { file } = target as VirtualRegister;
    const to = this.#physical(target as VirtualRegister);
    if (typeof source === "object" && source.kind === "constant") {
      const from = this.#allocation.constantAt(source, item);
      // A zero idiom costs less than a copy.
      if (from === undefined || (file === "vector" && source.words.every((w) => w === 0))) this.#fill(to, source, width);
      else this.#copy(file, to, from, width);
      return;
    }
    const from = this.#operand(source, item, width, false);
    if (typeof from === "number") this.#copy(file, to, from, width);
    else if (from.broadcast === true) a.op("vbroadcastss", width, [to, { ...from, broadcast: false }]);
    else if (file === "mask") a.op("kmovw", 128, [to, from]);
    else a.op("vmovups", width, [to, from]);
  }

  #copy(file: "vector" | "mask", to: number, from: number, width: VectorWidth): void {
    if (to === from) return;
    if (file === "mask") this.#assembler.op("kmovw", 128, [to, from]);
    else this.#assembler.op("vmovaps", width, [to, from]);
  }

  /** target = a * b + c. 132: d = d * m + s; 213: d = s * d + m; 231: d = s * m + d. */
  #multiplyAdd({ operands, width }: MachineOp, item: number): void {
    const form = (name: InstructionName, target: number, second: number | Memory, third: number | Memory): void =>
      this.#assembler.op(name, width, [target, second, third]);
    const target = this.#physical(operands[0] as VirtualRegister);
    let [a, b, c] = operands.slice(1).map((o) => this.#operand(o, item, width, this.#avx512));
    if (c === target) {
      if (typeof a !== "number") [a, b] = [b, a];
      form("vfmadd231ps", target, a, b);
      return;
    }
    if (b === target) [a, b] = [b, a];
    if (a === target) {
      if (typeof b === "number") form("vfmadd213ps", target, b, c);
      else form("vfmadd132ps", target, c, b);
      return;
    }
    // All three live on: the target starts as the addend.
    if (typeof c === "number") this.#copy("vector", target, c, width);
    else if (c.broadcast === true) this.#assembler.op("vbroadcastss", width, [target, { ...c, broadcast: false }]);
    else this.#assembler.op("vmovups", width, [target, c]);
    if (typeof a !== "number") [a, b] = [b, a];
    form("vfmadd231ps", target, a, b);
  }
}
