import { invariant, VintnerError } from "../../common/errors.ts";
import type { ComputeOp, Kernel, Register, Statement } from "../../kernel/kernel.ts";
import { type AddressPlan, constantRounds, type LoadStatement } from "../address-plan.ts";
import type { VectorWidth } from "./assembler.ts";
import { planFolding, type Folding } from "./fold-loads.ts";
import { type InstructionName, instructions } from "./instructions.ts";
import type { Address, Constant, MachineItem, MachineOp, MachineOperand, VirtualRegister } from "./machine.ts";
import { selectLoad, selectStore } from "./select-memory.ts";

export type X64Target = "x64-avx2" | "x64-avx512";
export type Value = VirtualRegister | Constant | Address;

export const widthOf = (lanes: number): VectorWidth => (lanes === 16 ? 512 : lanes === 8 ? 256 : 128);

const floatBits = new Float32Array(1);
const intBits = new Int32Array(floatBits.buffer);

/** Chooses instructions for a kernel's statements, in their order. */
export class Selector {
  readonly items: MachineItem[] = [];
  readonly avx512: boolean;
  readonly plan: AddressPlan;
  readonly #folding: Folding;
  readonly #values = new Map<number, Value>();
  readonly #constants = new Map<string, Constant>();
  #registers = 0;

  constructor(kernel: Kernel, target: X64Target, plan: AddressPlan) {
    this.avx512 = target === "x64-avx512";
    this.plan = plan;
    this.#folding = planFolding(kernel, this.avx512);
    this.#block(kernel.body, true);
  }

  register(width: VectorWidth, file: VirtualRegister["file"] = "vector"): VirtualRegister {
    return { kind: "register", id: this.#registers++, file, width, transient: false };
  }
  constant(words: readonly number[], file: Constant["file"] = "vector"): Constant {
    const key = `${file} ${words.join()}`;
    let known = this.#constants.get(key);
    if (known === undefined) this.#constants.set(key, (known = { kind: "constant", file, words }));
    return known;
  }
  splat(value: number): Constant {
    return this.constant([value | 0]);
  }
  emit(
    name: MachineOp["name"],
    width: VectorWidth,
    operands: readonly MachineOperand[],
    options: { readonly mask?: MachineOp["mask"]; readonly zero?: boolean } = {},
  ): void {
    const first = operands[0];
    const defines = typeof first === "object" && first.kind === "register";
    const { mask, zero } = options;
    this.items.push({ kind: "op", name, width, operands, defines, ...(mask ? { mask } : {}), ...(zero === true ? { zero } : {}) });
  }
  /** Emits an instruction whose first operand is written, into a new register. */
  define(
    name: InstructionName,
    width: VectorWidth,
    sources: readonly MachineOperand[],
    options: { readonly mask?: MachineOp["mask"]; readonly zero?: boolean } = {},
  ): VirtualRegister {
    const target = this.register(width, instructions[name].kinds.startsWith("k") ? "mask" : "vector");
    this.emit(name, width, [target, ...sources], options);
    return target;
  }

  #block(statements: readonly Statement[], root: boolean): void {
    const defined: Extract<Statement, { readonly kind: "index" }>[] = [];
    for (const s of statements)
      switch (s.kind) {
        case "for":
          if (constantRounds(s) === 0) break;
          this.items.push({ kind: "for", loop: s });
          this.#block(s.body, false);
          this.items.push({ kind: "endFor", loop: s });
          break;
        case "if":
          this.items.push({ kind: "if", statement: s });
          this.#block(s.then, false);
          this.items.push({ kind: "else" });
          this.#block(s.otherwise, false);
          this.items.push({ kind: "endIf" });
          break;
        case "index":
          this.items.push({ kind: "index", statement: s });
          defined.push(s);
          break;
        case "load":
          this.#load(s);
          break;
        case "store": {
          const { pointer, displacement } = this.plan.access(s);
          const width = widthOf(s.value.lanes);
          selectStore(this, this.#inRegister(this.#value(s.value), width), s, (bytes) => ({
            kind: "address",
            pointer,
            displacement: displacement + bytes,
            broadcast: false,
          }));
          break;
        }
        case "constant":
          if (s.target.element === "f32") floatBits[0] = s.value;
          else intBits[0] = s.value;
          this.#values.set(s.target.id, this.splat(intBits[0]));
          break;
        case "assign":
          if (!this.#folding.coalesced.has(s)) this.emit("move", widthOf(s.target.lanes), [this.#target(s.target), this.#value(s.value)]);
          break;
        case "compute":
          this.#compute(s.op, s.target, s.operands, s.immediate ?? 0);
      }
    if (defined.length > 0 && !root) this.items.push({ kind: "endScope", statements: defined });
  }

  #load(s: LoadStatement): void {
    const { pointer, displacement } = this.plan.access(s);
    if (this.#folding.loads.has(s)) {
      this.#values.set(s.target.id, { kind: "address", pointer, displacement, broadcast: s.broadcast || s.target.lanes < 4 });
      return;
    }
    selectLoad(this, this.#target(s.target), s, (bytes) => ({
      kind: "address",
      pointer,
      displacement: displacement + bytes,
      broadcast: false,
    }));
  }

  #value(register: Register): Value {
    const value = this.#values.get(register.id);
    invariant(value !== undefined, `register ${register.id} is read before it is written`);
    return value;
  }
  /** The virtual register of a register about to be written. */
  #target(register: Register): VirtualRegister {
    const actual = this.#folding.targets.get(register.id) ?? register;
    const known = this.#values.get(actual.id);
    if (known?.kind === "register") {
      this.#values.set(register.id, known);
      return known;
    }
    const made = this.register(widthOf(register.lanes), register.element === "mask" && this.avx512 ? "mask" : "vector");
    this.#values.set(actual.id, made);
    this.#values.set(register.id, made);
    return made;
  }
  #inRegister(value: Value, width: VectorWidth): VirtualRegister {
    if (value.kind === "register") return value;
    const register = this.register(width);
    this.emit("move", width, [register, value]);
    return register;
  }

  #compute(op: ComputeOp, result: Register, operands: readonly Register[], immediate: number): void {
    const values = operands.map((o) => this.#value(o));
    const reinterpretsMask = operands[0].element === "mask" && this.avx512;
    if (
      (op === "asF32" || op === "asI32") &&
      !reinterpretsMask &&
      !result.mutable &&
      !operands[0].mutable &&
      !this.#folding.targets.has(result.id)
    ) {
      this.#values.set(result.id, values[0]);
      return;
    }
    const target = this.#target(result);
    const { lanes } = operands[0];
    const width = widthOf(lanes);
    const element = op === "select" ? operands[1].element : operands[0].element;
    const [a, b, c] = values;
    if (element === "mask") this.#computeMask(op, target, width, lanes, values, immediate);
    else if (element === "i32" && op !== "select") this.#computeInteger(op, target, width, lanes, values, immediate);
    else this.#computeFloat(op, target, width, lanes, [a, b, c], immediate);
  }

  #computeFloat(
    op: ComputeOp,
    target: VirtualRegister,
    width: VectorWidth,
    lanes: number,
    [a, b, c]: readonly Value[],
    immediate: number,
  ): void {
    const simple = floatOps[op];
    if (simple) this.#binary(simple, target, width, a, b);
    else if (op === "fma") this.emit("fma", width, [target, a, b, c]);
    else if (op === "neg") this.#binary(floatBitOps.xor, target, width, a, this.splat(0x80000000));
    else if (op === "abs") this.#binary(floatBitOps.and, target, width, a, this.splat(0x7fffffff));
    else if (op === "not") this.#binary(floatBitOps.xor, target, width, a, this.splat(-1));
    else if (op === "sqrt") this.emit("vsqrtps", width, [target, a]);
    else if (op in roundings) this.emit(this.avx512 ? "vrndscaleps" : "vroundps", width, [target, a, roundings[op] as number]);
    else if (op in floatComparisons)
      this.emit(this.avx512 ? "vcmpps.k" : "vcmpps", width, [target, this.#first(a, width), b, floatComparisons[op] as number]);
    else if (op === "select") this.#select(target, width, a, b, c);
    else if (op === "toI32") this.emit("vcvttps2dq", width, [target, a]);
    else if (op === "asF32" || op === "asI32") this.emit("move", width, [target, a]);
    else this.#acrossLanes(op, target, width, lanes, [a, b], immediate, { sumLanes: "vaddps", maxLanes: "vmaxps", minLanes: "vminps" });
  }

  #computeInteger(
    op: ComputeOp,
    target: VirtualRegister,
    width: VectorWidth,
    lanes: number,
    [a, b]: readonly Value[],
    immediate: number,
  ): void {
    const simple = integerOps[op];
    const shift = shifts[op];
    if (simple) this.#binary(simple, target, width, a, b);
    else if (op === "neg") this.emit("vpsubd", width, [target, this.splat(0), a]);
    else if (op === "abs") this.emit("vpabsd", width, [target, a]);
    else if (op === "not") this.#binary(floatBitOps.xor, target, width, a, this.splat(-1));
    else if (shift) this.emit(shift[this.avx512 ? 1 : 0], width, [target, this.#inRegister(a, width), immediate]);
    else if (op in floatComparisons) this.#compareIntegers(op, target, width, a, b);
    else if (op === "toF32") this.emit("vcvtdq2ps", width, [target, a]);
    else if (op === "asF32" || op === "asI32") this.emit("move", width, [target, a]);
    else this.#acrossLanes(op, target, width, lanes, [a, b], immediate, { sumLanes: "vpaddd", maxLanes: "vpmaxsd", minLanes: "vpminsd" });
  }

  #computeMask(
    op: ComputeOp,
    target: VirtualRegister,
    width: VectorWidth,
    lanes: number,
    [a, b, c]: readonly Value[],
    immediate: number,
  ): void {
    if (op === "select" && !this.avx512) this.#select(target, width, a, b, c);
    else if (!this.avx512) this.#computeFloat(op, target, width, lanes, [a, b, c], immediate);
    else if (op in maskOps) this.emit(maskOps[op] as InstructionName, 128, [target, a, b]);
    else if (op === "not") this.emit("knotw", 128, [target, a]);
    else if (op === "select") this.emit("korw", 128, [target, this.define("kandw", 128, [a, b]), this.define("kandnw", 128, [a, c])]);
    else if (op === "asF32" || op === "asI32") this.emit("vpmovm2d", width, [target, a]);
    else {
      // Shuffles of masks go through vectors.
      const shuffled = this.register(width);
      const vectors = [a, b].filter((v) => v !== undefined).map((v) => this.define("vpmovm2d", width, [v]));
      this.#computeFloat(op, shuffled, width, lanes, vectors, immediate);
      this.emit("vpmovd2m", width, [target, shuffled]);
    }
  }

  #select(target: VirtualRegister, width: VectorWidth, mask: Value, a: Value, b: Value): void {
    invariant(mask.kind === "register", "select without a mask");
    if (this.avx512) this.emit("vblendmps", width, [target, this.#first(b, width), a], { mask });
    else this.emit("vblendvps", width, [target, this.#first(b, width), a, mask]);
  }

  /** i32 comparisons: AVX2 has equal and greater only. */
  #compareIntegers(op: ComputeOp, target: VirtualRegister, width: VectorWidth, a: Value, b: Value): void {
    if (this.avx512) {
      this.emit("vpcmpd", width, [target, this.#first(a, width), b, integerPredicates[op] as number]);
      return;
    }
    const equal = op === "eq" || op === "ne";
    const swapped = op === "lt" || op === "ge";
    const inverted = op === "ne" || op === "le" || op === "ge";
    const [x, y] = swapped ? [b, a] : [a, b];
    const name = equal ? "vpcmpeqd" : "vpcmpgtd";
    if (inverted) this.#binary(floatBitOps.xor, target, width, this.define(name, width, [this.#first(x, width), y]), this.splat(-1));
    else this.emit(name, width, [target, this.#first(x, width), y]);
  }

  #acrossLanes(
    op: ComputeOp,
    target: VirtualRegister,
    width: VectorWidth,
    lanes: number,
    [first, b]: readonly Value[],
    immediate: number,
    reduce: Readonly<Record<"sumLanes" | "maxLanes" | "minLanes", InstructionName>>,
  ): void {
    const unpack = unpacks[op];
    if (unpack) {
      this.emit(unpack, width, [target, this.#first(first, width), b]);
      return;
    }
    const a = this.#inRegister(first, width);
    if (op === "broadcastLane") {
      const within = (immediate & 3) * 0x55;
      const group = immediate >> 2;
      if (lanes <= 4) this.emit("vpermilps", width, [target, a, within]);
      else if (this.avx512)
        this.emit("vpermilps", width, [target, this.define("vshuff32x4", width, [a, a, width === 512 ? group * 0x55 : group * 3]), within]);
      else this.emit("vpermilps", width, [target, this.define("vperm2f128", width, [a, a, group * 0x11]), within]);
      return;
    }
    if (op !== "sumLanes" && op !== "maxLanes" && op !== "minLanes") throw unsupported(op, "vector");
    // A butterfly: after each exchange and reduction twice as many lanes agree.
    const exchanges: [InstructionName, number][] = [];
    if (lanes === 16) exchanges.push(["vshuff32x4", 0x4e], ["vshuff32x4", 0xb1]);
    if (lanes === 8) exchanges.push(this.avx512 ? ["vshuff32x4", 1] : ["vperm2f128", 1]);
    if (lanes >= 4) exchanges.push(["vpermilps", 0x4e]);
    if (lanes >= 2) exchanges.push(["vpermilps", 0xb1]);
    // Maximum and minimum of NaN or of zeros depend on the operands' order, so that lanes may differ: the first decides.
    const commutes = op === "sumLanes";
    let value = a;
    for (const [i, [name, control]] of exchanges.entries()) {
      const other = this.define(name, width, name === "vpermilps" ? [value, control] : [value, value, control]);
      const next = commutes && i === exchanges.length - 1 ? target : this.register(width);
      this.emit(reduce[op], width, [next, value, other]);
      value = next;
    }
    if (exchanges.length > 0 && !commutes) this.emit("vbroadcastss", width, [target, value]);
    if (exchanges.length === 0) this.emit("move", width, [target, a]);
  }

  #binary([name, commutes]: readonly [InstructionName, boolean], target: VirtualRegister, width: VectorWidth, a: Value, b: Value): void {
    const swap = commutes && a.kind !== "register";
    const [x, y] = swap ? [b, a] : [a, b];
    this.emit(name, width, [target, this.#first(x, width), y]);
  }
  /** An operand that cannot be memory; constants are the allocator's business. */
  #first(value: Value, width: VectorWidth): MachineOperand {
    return value.kind === "address" ? this.#inRegister(value, width) : value;
  }
}

const unsupported = (op: ComputeOp, element: string): VintnerError =>
  new VintnerError("UNSUPPORTED", { what: `operation ${op} on ${element} registers has no x86 instructions` });

type Binary = readonly [name: InstructionName, commutes: boolean];

const floatBitOps = { and: ["vandps", true], or: ["vorps", true], xor: ["vxorps", true] } as const satisfies Record<string, Binary>;

const floatOps: Readonly<Partial<Record<ComputeOp, Binary>>> = {
  add: ["vaddps", true],
  sub: ["vsubps", false],
  mul: ["vmulps", true],
  div: ["vdivps", false],
  min: ["vminps", false],
  max: ["vmaxps", false],
  ...floatBitOps,
};
const integerOps: Readonly<Partial<Record<ComputeOp, Binary>>> = {
  add: ["vpaddd", true],
  sub: ["vpsubd", false],
  mul: ["vpmulld", true],
  min: ["vpminsd", true],
  max: ["vpmaxsd", true],
  ...floatBitOps,
};
const maskOps: Readonly<Partial<Record<ComputeOp, InstructionName>>> = { and: "kandw", or: "korw", xor: "kxorw" };
const shifts: Readonly<Partial<Record<ComputeOp, readonly [vex: InstructionName, evex: InstructionName]>>> = {
  shiftLeft: ["vpslld", "vpslld.e"],
  shiftRight: ["vpsrad", "vpsrad.e"],
  shiftRightLogical: ["vpsrld", "vpsrld.e"],
};
const unpacks: Readonly<Partial<Record<ComputeOp, InstructionName>>> = {
  unpackLow32: "vunpcklps",
  unpackHigh32: "vunpckhps",
  unpackLow64: "vunpcklpd",
  unpackHigh64: "vunpckhpd",
};
/** Rounding control of ROUNDPS, exceptions suppressed. */
const roundings: Readonly<Partial<Record<ComputeOp, number>>> = { round: 8, floor: 9, ceil: 10, trunc: 11 };
/** Quiet predicates of CMPPS; only `ne` is true for NaN. */
const floatComparisons: Readonly<Partial<Record<ComputeOp, number>>> = { eq: 0, lt: 0x11, le: 0x12, ne: 4, ge: 0x1d, gt: 0x1e };
const integerPredicates: Readonly<Partial<Record<ComputeOp, number>>> = { eq: 0, lt: 1, le: 2, ne: 4, ge: 5, gt: 6 };
