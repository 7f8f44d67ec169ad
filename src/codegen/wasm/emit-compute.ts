import { invariant, VintnerError } from "../../common/errors.ts";
import type { ComputeOp, Register } from "../../kernel/kernel.ts";
import type { InstructionName } from "./instructions.ts";
import type { VectorContext } from "./vector-context.ts";

/** One operation of a kernel, with a way to push its operands (each once). */
export interface ComputeStatement {
  readonly op: ComputeOp;
  readonly element: Register["element"];
  readonly lanes: number;
  readonly immediate: number;
  readonly push: (operand: number) => void;
}

/** Operations that are one instruction over operands in order, by the operands' element; a mask is like i32. */
const direct: Readonly<Partial<Record<ComputeOp, readonly [f32: InstructionName | undefined, i32: InstructionName | undefined]>>> = {
  add: ["f32x4.add", "i32x4.add"],
  sub: ["f32x4.sub", "i32x4.sub"],
  mul: ["f32x4.mul", "i32x4.mul"],
  div: ["f32x4.div", undefined],
  min: [undefined, "i32x4.min_s"],
  max: [undefined, "i32x4.max_s"],
  neg: ["f32x4.neg", "i32x4.neg"],
  abs: ["f32x4.abs", "i32x4.abs"],
  sqrt: ["f32x4.sqrt", undefined],
  floor: ["f32x4.floor", undefined],
  ceil: ["f32x4.ceil", undefined],
  round: ["f32x4.nearest", undefined],
  trunc: ["f32x4.trunc", undefined],
  and: ["v128.and", "v128.and"],
  or: ["v128.or", "v128.or"],
  xor: ["v128.xor", "v128.xor"],
  not: ["v128.not", "v128.not"],
  eq: ["f32x4.eq", "i32x4.eq"],
  ne: ["f32x4.ne", "i32x4.ne"],
  lt: ["f32x4.lt", "i32x4.lt_s"],
  le: ["f32x4.le", "i32x4.le_s"],
  gt: ["f32x4.gt", "i32x4.gt_s"],
  ge: ["f32x4.ge", "i32x4.ge_s"],
  toF32: [undefined, "f32x4.convert_i32x4_s"],
};

const shifts: Readonly<Partial<Record<ComputeOp, InstructionName>>> = {
  shiftLeft: "i32x4.shl",
  shiftRight: "i32x4.shr_s",
  shiftRightLogical: "i32x4.shr_u",
};

/** 32-bit lanes of the two operands (4 to 7 are the second's) that a shuffle takes. */
const unpacks: Readonly<Partial<Record<ComputeOp, readonly number[]>>> = {
  unpackLow32: [0, 4, 1, 5],
  unpackHigh32: [2, 6, 3, 7],
  unpackLow64: [0, 1, 4, 5],
  unpackHigh64: [2, 3, 6, 7],
};

type Combine = (context: VectorContext, a: () => void, b: () => void, element: Register["element"]) => void;

// pmin(x, y) is y < x ? y : x, so that the operands change places.
const minimum: Combine = ({ assembler }, a, b, element) => {
  if (element === "f32") b();
  a();
  if (element === "i32") b();
  assembler.op(element === "f32" ? "f32x4.pmin" : "i32x4.min_s");
};
const maximum: Combine = ({ assembler }, a, b, element) => {
  if (element === "f32") b();
  a();
  if (element === "i32") b();
  assembler.op(element === "f32" ? "f32x4.pmax" : "i32x4.max_s");
};
const sum: Combine = ({ assembler }, a, b, element) => {
  a();
  b();
  assembler.op(element === "f32" ? "f32x4.add" : "i32x4.add");
};
const reductions: Readonly<Partial<Record<ComputeOp, Combine>>> = { sumLanes: sum, maxLanes: maximum, minLanes: minimum };

/** Pushes the result of an operation. */
export function emitCompute(context: VectorContext, statement: ComputeStatement): void {
  const { assembler: a } = context;
  const { op, element, lanes, immediate, push } = statement;
  const instruction = direct[op]?.[element === "f32" ? 0 : 1];
  if (instruction) {
    push(0);
    // One operand or two, by the instruction's type.
    if (!unary.has(op)) push(1);
    a.op(instruction);
    return;
  }
  const shift = shifts[op];
  if (shift) {
    push(0);
    a.i32(immediate);
    a.op(shift);
    return;
  }
  const reduction = reductions[op];
  if (reduction) {
    emitReduction(context, statement, reduction);
    return;
  }
  const unpack = unpacks[op];
  if (unpack) {
    push(0);
    push(1);
    emitShuffle(context, unpack);
    return;
  }
  switch (op) {
    case "min":
      minimum(
        context,
        () => push(0),
        () => push(1),
        element,
      );
      return;
    case "max":
      maximum(
        context,
        () => push(0),
        () => push(1),
        element,
      );
      return;
    case "fma":
      for (const operand of [0, 1]) push(operand);
      if (context.relaxed) {
        push(2);
        a.op("f32x4.relaxed_madd");
      } else {
        a.op("f32x4.mul");
        push(2);
        a.op("f32x4.add");
      }
      return;
    case "select":
      push(1);
      push(2);
      push(0);
      a.op(context.relaxed ? "i32x4.relaxed_laneselect" : "v128.bitselect");
      return;
    case "toI32":
      push(0);
      a.op(context.relaxed ? "i32x4.relaxed_trunc_f32x4_s" : "i32x4.trunc_sat_f32x4_s");
      return;
    case "asF32":
    case "asI32":
      push(0);
      return;
    case "broadcastLane":
      push(0);
      emitSelfShuffle(context, [immediate, immediate, immediate, immediate]);
      return;
    case "dotU8I8":
    case "dotU8I8Narrow":
    case "dotBf16":
    case "shuffleBytes":
      throw new VintnerError("UNSUPPORTED", { what: `WebAssembly has no ${op} yet` });
    default:
      invariant(false, `no WebAssembly for ${op} of ${element} x ${lanes}`);
  }
}

const unary: ReadonlySet<ComputeOp> = new Set<ComputeOp>(["neg", "abs", "sqrt", "floor", "ceil", "round", "trunc", "not", "toF32"]);

/** Combines halves of the lanes until every lane has the result. */
function emitReduction(context: VectorContext, { lanes, push, element }: ComputeStatement, combine: Combine): void {
  push(0);
  for (let half = lanes / 2; half >= 1; half /= 2)
    context.withScratch((vector) => {
      context.assembler.set(vector);
      const value = (): void => context.assembler.get(vector);
      const rotated = (): void => {
        value();
        value();
        emitShuffle(
          context,
          [0, 1, 2, 3].map((lane) => (lane + half) % lanes),
        );
      };
      combine(context, value, rotated, element);
    });
}

function emitShuffle({ assembler }: VectorContext, lanes: readonly number[]): void {
  assembler.op("i8x16.shuffle", ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)));
}

function emitSelfShuffle(context: VectorContext, lanes: readonly number[]): void {
  context.withScratch((vector) => {
    context.assembler.op("local.tee", vector);
    context.assembler.get(vector);
    emitShuffle(context, lanes);
  });
}
