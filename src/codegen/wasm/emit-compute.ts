import { invariant } from "../../common/errors.ts";
import type { ComputeOp, Register } from "../../kernel/kernel.ts";
import { emitDotBf16, emitDotU8I8, emitDotU8I8Narrow } from "./emit-dot-products.ts";
import type { InstructionName } from "./instructions.ts";
import type { VectorContext } from "./vector-context.ts";

/** One operation of a kernel, with a way to push its operands (each once). */
export interface ComputeStatement {
  readonly op: ComputeOp;
  readonly element: Register["element"];
  readonly lanes: number;
  readonly immediate: number;
  readonly table: readonly number[];
  readonly push: (operand: number) => void;
}

/** Pushes the result of an operation. */
type ComputeEmitter = (context: VectorContext, statement: ComputeStatement) => void;

export const emitCompute: ComputeEmitter = (context, statement) => emitters[statement.op](context, statement);

type Instructions = readonly [f32: InstructionName | undefined, i32: InstructionName | undefined];

function emitByElement(context: VectorContext, { op, element }: ComputeStatement, [f32, i32]: Instructions): void {
  // A mask is like i32.
  const instruction = element === "f32" ? f32 : i32;
  invariant(instruction, `no WebAssembly for ${op} of ${element}`);
  context.assembler.op(instruction);
}

/** Operations that are one instruction over their operands in order, by the operands' element. */
const unary =
  (...instructions: Instructions): ComputeEmitter =>
  (context, statement) => {
    statement.push(0);
    emitByElement(context, statement, instructions);
  };
const binary =
  (...instructions: Instructions): ComputeEmitter =>
  (context, statement) => {
    statement.push(0);
    statement.push(1);
    emitByElement(context, statement, instructions);
  };

const shift =
  (instruction: InstructionName): ComputeEmitter =>
  ({ assembler }, { push, immediate }) => {
    push(0);
    assembler.i32(immediate);
    assembler.op(instruction);
  };

/** Combines what two functions push. */
type Combine = (context: VectorContext, a: () => void, b: () => void, element: Register["element"]) => void;

// pmin(x, y) is y < x ? y : x, so that the operands change places.
const extreme =
  (f32: InstructionName, i32: InstructionName): Combine =>
  ({ assembler }, a, b, element) => {
    if (element === "f32") b();
    a();
    if (element === "i32") b();
    assembler.op(element === "f32" ? f32 : i32);
  };
const minimum = extreme("f32x4.pmin", "i32x4.min_s");
const maximum = extreme("f32x4.pmax", "i32x4.max_s");
const sum: Combine = ({ assembler }, a, b, element) => {
  a();
  b();
  assembler.op(element === "f32" ? "f32x4.add" : "i32x4.add");
};

const combined =
  (combine: Combine): ComputeEmitter =>
  (context, { push, element }) =>
    combine(
      context,
      () => push(0),
      () => push(1),
      element,
    );

/**
 * Combines halves of the lanes until every lane has the result. Where the operands' order matters (`ordered`: to minima and maxima of
 * floats, by NaN and zeros), lanes may differ, and all get the first one's.
 */
const reduction =
  (combine: Combine, ordered: boolean): ComputeEmitter =>
  (context, { lanes, push, element }) => {
    push(0);
    for (let half = lanes / 2; half >= 1; half /= 2)
      context.withVector((vector) => {
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
    if (ordered && element === "f32" && lanes > 1) emitBroadcastLane(context, 0);
  };

/** Interleaves by 32-bit lanes of the two operands (4 to 7 are the second's). */
const unpack =
  (...lanes: readonly number[]): ComputeEmitter =>
  (context, { push }) => {
    push(0);
    push(1);
    emitShuffle(context, lanes);
  };

const fma: ComputeEmitter = ({ assembler: a, relaxed }, { push }) => {
  push(0);
  push(1);
  if (relaxed) {
    push(2);
    a.op("f32x4.relaxed_madd");
  } else {
    a.op("f32x4.mul");
    push(2);
    a.op("f32x4.add");
  }
};

const select: ComputeEmitter = ({ assembler, relaxed }, { push }) => {
  push(1);
  push(2);
  push(0);
  assembler.op(relaxed ? "i32x4.relaxed_laneselect" : "v128.bitselect");
};

const toI32: ComputeEmitter = ({ assembler, relaxed }, { push }) => {
  push(0);
  assembler.op(relaxed ? "i32x4.relaxed_trunc_f32x4_s" : "i32x4.trunc_sat_f32x4_s");
};

const sameBits: ComputeEmitter = (_, { push }) => push(0);

const broadcastLane: ComputeEmitter = (context, { push, immediate }) => {
  push(0);
  emitBroadcastLane(context, immediate);
};

const shuffleBytes: ComputeEmitter = (context, { push, table }) => {
  push(0);
  // Places from 16 on give 0, such as 255, which is -1.
  context.vector(table.map((from) => from & 255));
  context.assembler.op("i8x16.swizzle");
};

const emitters: Readonly<Record<ComputeOp, ComputeEmitter>> = {
  add: binary("f32x4.add", "i32x4.add"),
  sub: binary("f32x4.sub", "i32x4.sub"),
  mul: binary("f32x4.mul", "i32x4.mul"),
  div: binary("f32x4.div", undefined),
  min: combined(minimum),
  max: combined(maximum),
  fma,
  neg: unary("f32x4.neg", "i32x4.neg"),
  abs: unary("f32x4.abs", "i32x4.abs"),
  sqrt: unary("f32x4.sqrt", undefined),
  floor: unary("f32x4.floor", undefined),
  ceil: unary("f32x4.ceil", undefined),
  round: unary("f32x4.nearest", undefined),
  trunc: unary("f32x4.trunc", undefined),
  and: binary("v128.and", "v128.and"),
  or: binary("v128.or", "v128.or"),
  xor: binary("v128.xor", "v128.xor"),
  not: unary("v128.not", "v128.not"),
  shiftLeft: shift("i32x4.shl"),
  shiftRight: shift("i32x4.shr_s"),
  shiftRightLogical: shift("i32x4.shr_u"),
  eq: binary("f32x4.eq", "i32x4.eq"),
  ne: binary("f32x4.ne", "i32x4.ne"),
  lt: binary("f32x4.lt", "i32x4.lt_s"),
  le: binary("f32x4.le", "i32x4.le_s"),
  gt: binary("f32x4.gt", "i32x4.gt_s"),
  ge: binary("f32x4.ge", "i32x4.ge_s"),
  select,
  toF32: unary(undefined, "f32x4.convert_i32x4_s"),
  toI32,
  asF32: sameBits,
  asI32: sameBits,
  sumLanes: reduction(sum, false),
  maxLanes: reduction(maximum, true),
  minLanes: reduction(minimum, true),
  broadcastLane,
  unpackLow32: unpack(0, 4, 1, 5),
  unpackHigh32: unpack(2, 6, 3, 7),
  unpackLow64: unpack(0, 1, 4, 5),
  unpackHigh64: unpack(2, 3, 6, 7),
  dotU8I8: emitDotU8I8,
  dotU8I8Narrow: emitDotU8I8Narrow,
  dotBf16: emitDotBf16,
  shuffleBytes,
};

/** Gives all lanes of the vector on the stack the value of one. */
function emitBroadcastLane(context: VectorContext, lane: number): void {
  context.withVector((vector) => {
    context.assembler.op("local.tee", vector);
    context.assembler.get(vector);
    emitShuffle(context, [lane, lane, lane, lane]);
  });
}

function emitShuffle({ assembler }: VectorContext, lanes: readonly number[]): void {
  assembler.op("i8x16.shuffle", ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)));
}
