import { invariant, VintnerError } from "../../common/errors.ts";
import type { ComputeOp, Register } from "../../kernel/kernel.ts";
import type { VectorWidth } from "./assembler.ts";
import { type InstructionBuffer, type Value, widthOf } from "./instruction-buffer.ts";
import type { InstructionName } from "./instructions.ts";
import type { MachineOperand, VirtualRegister } from "./machine.ts";

/** Chooses the instructions of the operations on registers. */
export class ComputeSelector {
  readonly #buffer: InstructionBuffer;

  constructor(buffer: InstructionBuffer) {
    this.#buffer = buffer;
  }

  select(op: ComputeOp, target: VirtualRegister, operands: readonly Register[], values: readonly Value[], immediate: number): void {
    const { lanes } = operands[0];
    const width = widthOf(lanes);
    const element = op === "select" ? operands[1].element : operands[0].element;
    if (element === "mask") this.#computeMask(op, target, width, lanes, values, immediate);
    else if (element === "i32" && op !== "select") this.#computeInteger(op, target, width, lanes, values, immediate);
    else this.#computeFloat(op, target, width, lanes, values, immediate);
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
    else if (op === "fma") this.#buffer.emit("fma", width, [target, a, b, c]);
    else if (op === "neg") this.#binary(floatBitOps.xor, target, width, a, this.#buffer.splat(0x80000000));
    else if (op === "abs") this.#binary(floatBitOps.and, target, width, a, this.#buffer.splat(0x7fffffff));
    else if (op === "not") this.#binary(floatBitOps.xor, target, width, a, this.#buffer.splat(-1));
    else if (op === "sqrt") this.#buffer.emit("vsqrtps", width, [target, a]);
    else if (op in roundings)
      this.#buffer.emit(this.#buffer.avx512 ? "vrndscaleps" : "vroundps", width, [target, a, roundings[op] as number]);
    else if (op in floatComparisons)
      this.#buffer.emit(this.#buffer.avx512 ? "vcmpps.k" : "vcmpps", width, [
        target,
        this.#first(a, width),
        b,
        floatComparisons[op] as number,
      ]);
    else if (op === "select") this.#select(target, width, a, b, c);
    else if (op === "toI32") this.#buffer.emit("vcvttps2dq", width, [target, a]);
    else if (op === "asF32" || op === "asI32") this.#buffer.emit("move", width, [target, a]);
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
    else if (op === "neg") this.#buffer.emit("vpsubd", width, [target, this.#buffer.splat(0), a]);
    else if (op === "abs") this.#buffer.emit("vpabsd", width, [target, a]);
    else if (op === "not") this.#binary(floatBitOps.xor, target, width, a, this.#buffer.splat(-1));
    else if (shift) this.#buffer.emit(shift[this.#buffer.avx512 ? 1 : 0], width, [target, this.#buffer.inRegister(a, width), immediate]);
    else if (op in floatComparisons) this.#compareIntegers(op, target, width, a, b);
    else if (op === "toF32") this.#buffer.emit("vcvtdq2ps", width, [target, a]);
    else if (op === "asF32" || op === "asI32") this.#buffer.emit("move", width, [target, a]);
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
    if (op === "select" && !this.#buffer.avx512) this.#select(target, width, a, b, c);
    else if (!this.#buffer.avx512) this.#computeFloat(op, target, width, lanes, [a, b, c], immediate);
    else if (op in maskOps) this.#buffer.emit(maskOps[op] as InstructionName, 128, [target, a, b]);
    else if (op === "not") this.#buffer.emit("knotw", 128, [target, a]);
    else if (op === "select")
      this.#buffer.emit("korw", 128, [target, this.#buffer.define("kandw", 128, [a, b]), this.#buffer.define("kandnw", 128, [a, c])]);
    else if (op === "asF32" || op === "asI32") this.#buffer.emit("vpmovm2d", width, [target, a]);
    else {
      // Shuffles of masks go through vectors.
      const shuffled = this.#buffer.register(width);
      const vectors = [a, b].filter((v) => v !== undefined).map((v) => this.#buffer.define("vpmovm2d", width, [v]));
      this.#computeFloat(op, shuffled, width, lanes, vectors, immediate);
      this.#buffer.emit("vpmovd2m", width, [target, shuffled]);
    }
  }

  #select(target: VirtualRegister, width: VectorWidth, mask: Value, a: Value, b: Value): void {
    invariant(mask.kind === "register", "select without a mask");
    if (this.#buffer.avx512) this.#buffer.emit("vblendmps", width, [target, this.#first(b, width), a], { mask });
    else this.#buffer.emit("vblendvps", width, [target, this.#first(b, width), a, mask]);
  }

  /** i32 comparisons: AVX2 has equal and greater only. */
  #compareIntegers(op: ComputeOp, target: VirtualRegister, width: VectorWidth, a: Value, b: Value): void {
    if (this.#buffer.avx512) {
      this.#buffer.emit("vpcmpd", width, [target, this.#first(a, width), b, integerPredicates[op] as number]);
      return;
    }
    const equal = op === "eq" || op === "ne";
    const swapped = op === "lt" || op === "ge";
    const inverted = op === "ne" || op === "le" || op === "ge";
    const [x, y] = swapped ? [b, a] : [a, b];
    const name = equal ? "vpcmpeqd" : "vpcmpgtd";
    if (inverted)
      this.#binary(floatBitOps.xor, target, width, this.#buffer.define(name, width, [this.#first(x, width), y]), this.#buffer.splat(-1));
    else this.#buffer.emit(name, width, [target, this.#first(x, width), y]);
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
      this.#buffer.emit(unpack, width, [target, this.#first(first, width), b]);
      return;
    }
    const a = this.#buffer.inRegister(first, width);
    if (op === "broadcastLane") {
      const within = (immediate & 3) * 0x55;
      const group = immediate >> 2;
      if (lanes <= 4) this.#buffer.emit("vpermilps", width, [target, a, within]);
      else if (this.#buffer.avx512)
        this.#buffer.emit("vpermilps", width, [
          target,
          this.#buffer.define("vshuff32x4", width, [a, a, width === 512 ? group * 0x55 : group * 3]),
          within,
        ]);
      else this.#buffer.emit("vpermilps", width, [target, this.#buffer.define("vperm2f128", width, [a, a, group * 0x11]), within]);
      return;
    }
    if (op !== "sumLanes" && op !== "maxLanes" && op !== "minLanes") throw unsupported(op, "vector");
    // A butterfly: after each exchange and reduction twice as many lanes agree.
    const exchanges: [InstructionName, number][] = [];
    if (lanes === 16) exchanges.push(["vshuff32x4", 0x4e], ["vshuff32x4", 0xb1]);
    if (lanes === 8) exchanges.push(this.#buffer.avx512 ? ["vshuff32x4", 1] : ["vperm2f128", 1]);
    if (lanes >= 4) exchanges.push(["vpermilps", 0x4e]);
    if (lanes >= 2) exchanges.push(["vpermilps", 0xb1]);
    // Maximum and minimum of NaN or of zeros depend on the operands' order, so that lanes may differ: the first decides.
    const commutes = op === "sumLanes";
    let value = a;
    for (const [i, [name, control]] of exchanges.entries()) {
      const other = this.#buffer.define(name, width, name === "vpermilps" ? [value, control] : [value, value, control]);
      const next = commutes && i === exchanges.length - 1 ? target : this.#buffer.register(width);
      this.#buffer.emit(reduce[op], width, [next, value, other]);
      value = next;
    }
    if (exchanges.length > 0 && !commutes) this.#buffer.emit("vbroadcastss", width, [target, value]);
    if (exchanges.length === 0) this.#buffer.emit("move", width, [target, a]);
  }

  #binary([name, commutes]: readonly [InstructionName, boolean], target: VirtualRegister, width: VectorWidth, a: Value, b: Value): void {
    const swap = commutes && a.kind !== "register";
    const [x, y] = swap ? [b, a] : [a, b];
    this.#buffer.emit(name, width, [target, this.#first(x, width), y]);
  }
  /** An operand that cannot be memory; constants are the allocator's business. */
  #first(value: Value, width: VectorWidth): MachineOperand {
    return value.kind === "address" ? this.#buffer.inRegister(value, width) : value;
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
