import { invariant } from "../common/errors.ts";
import type { ComputeOp, Register, Statement } from "./kernel.ts";

/** The lanes of all registers as f32 and, over the same bytes, as i32; a mask's lane is -1 or 0. */
export interface RegisterFile {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

interface Place {
  readonly file: RegisterFile;
  /** First lane of the target and of each operand. */
  readonly t: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly lanes: number;
  readonly immediate: number;
  readonly table: readonly number[];
  readonly fused: boolean;
}
type Emit = (place: Place) => () => void;

/** To the nearest integer, ties to even. */
export function roundToEven(x: number): number {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

// Results are rounded to f32 by the store into the register file: once for each operation, which is exact for + - * / and sqrt.
const unaryF32 =
  (f: (x: number) => number): Emit =>
  ({ file: { f32 }, t, a, lanes }) =>
  () => {
    for (let l = 0; l < lanes; l++) f32[t + l] = f(f32[a + l]);
  };
const unaryI32 =
  (f: (x: number, immediate: number) => number): Emit =>
  ({ file: { i32 }, t, a, lanes, immediate }) =>
  () => {
    for (let l = 0; l < lanes; l++) i32[t + l] = f(i32[a + l], immediate);
  };
const binaryF32 =
  (f: (x: number, y: number) => number): Emit =>
  ({ file: { f32 }, t, a, b, lanes }) =>
  () => {
    for (let l = 0; l < lanes; l++) f32[t + l] = f(f32[a + l], f32[b + l]);
  };
const binaryI32 =
  (f: (x: number, y: number) => number): Emit =>
  ({ file: { i32 }, t, a, b, lanes }) =>
  () => {
    for (let l = 0; l < lanes; l++) i32[t + l] = f(i32[a + l], i32[b + l]);
  };
const compare =
  (view: "f32" | "i32", f: (x: number, y: number) => boolean): Emit =>
  ({ file, t, a, b, lanes }) => {
    const from = file[view];
    return () => {
      for (let l = 0; l < lanes; l++) file.i32[t + l] = f(from[a + l], from[b + l]) ? -1 : 0;
    };
  };
/** Copies bits by a table of source lanes, through a copy, since the target may be an operand. */
const shuffle =
  (source: (lane: number, lanes: number, place: Place) => number): Emit =>
  (place) => {
    const { file, t, lanes } = place;
    const from = Int32Array.from({ length: lanes }, (_, l) => source(l, lanes, place));
    const copy = new Int32Array(lanes);
    return () => {
      for (let l = 0; l < lanes; l++) copy[l] = file.i32[from[l]];
      file.i32.set(copy, t);
    };
  };
/** Interleaves elements of `width` lanes of each group of four lanes. */
const unpack = (width: 1 | 2, high: boolean): Emit =>
  shuffle((lane, _, { a, b }) => {
    const group = lane & ~3;
    const element = (lane & 3) / width;
    const from = group + (high ? 2 : 0) + (width === 1 ? (lane & 3) >> 1 : lane & 1);
    return (Math.floor(element) % 2 === 0 ? a : b) + from;
  });
/** Combines the upper half of the lanes with the lower half until one is left, as the code generators do. */
const reduce =
  (view: "f32" | "i32", f: (x: number, y: number) => number): Emit =>
  ({ file, t, a, lanes }) => {
    const values = file[view];
    const copy = values.slice(0, lanes);
    return () => {
      for (let l = 0; l < lanes; l++) copy[l] = values[a + l];
      for (let half = lanes / 2; half >= 1; half /= 2) for (let l = 0; l < half; l++) copy[l] = f(copy[l], copy[l + half]);
      values.fill(copy[0], t, t + lanes);
    };
  };

const copyBits: Emit = ({ file: { i32 }, t, a, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) i32[t + l] = i32[a + l];
  };
};
const select: Emit = ({ file: { i32 }, t, a, b, c, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) i32[t + l] = i32[a + l] !== 0 ? i32[b + l] : i32[c + l];
  };
};
const fma: Emit = ({ file: { f32 }, t, a, b, c, lanes, fused }) =>
  fused
    ? () => {
        for (let l = 0; l < lanes; l++) f32[t + l] = f32[a + l] * f32[b + l] + f32[c + l];
      }
    : () => {
        for (let l = 0; l < lanes; l++) f32[t + l] = Math.fround(f32[a + l] * f32[b + l]) + f32[c + l];
      };
const dotU8I8: Emit = ({ file: { i32 }, t, a, b, c, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) {
      let sum = i32[c + l];
      for (let shift = 0; shift < 32; shift += 8) sum += ((i32[a + l] >>> shift) & 255) * ((i32[b + l] << (24 - shift)) >> 24);
      i32[t + l] = sum;
    }
  };
};
const floatWord = new Float32Array(1);
const wordBits = new Int32Array(floatWord.buffer);
const floatOfBits = (bits: number): number => {
  wordBits[0] = bits;
  return floatWord[0];
};
/** The upper product first, as the x86 instruction adds them; products of bf16 are exact. */
const dotBf16: Emit = ({ file: { f32, i32 }, t, a, b, c, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) {
      const upper = Math.fround(floatOfBits(i32[a + l] & 0xffff0000) * floatOfBits(i32[b + l] & 0xffff0000) + f32[c + l]);
      f32[t + l] = floatOfBits(i32[a + l] << 16) * floatOfBits(i32[b + l] << 16) + upper;
    }
  };
};
const shuffleBytes: Emit = ({ file: { i32 }, t, a, lanes, table }) => {
  const bytes = new Uint8Array(i32.buffer, i32.byteOffset, i32.byteLength);
  const copy = new Uint8Array(lanes * 4);
  return () => {
    for (let j = 0; j < copy.length; j++) {
      const from = table[j & 15];
      copy[j] = from < 0 ? 0 : bytes[a * 4 + (j & ~15) + from];
    }
    bytes.set(copy, t * 4);
  };
};
// The commonest operations have loops of their own, which spares a call for each lane.
const addF32: Emit = ({ file: { f32 }, t, a, b, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) f32[t + l] = f32[a + l] + f32[b + l];
  };
};
const mulF32: Emit = ({ file: { f32 }, t, a, b, lanes }) => {
  return () => {
    for (let l = 0; l < lanes; l++) f32[t + l] = f32[a + l] * f32[b + l];
  };
};

const less = (x: number, y: number): number => (x < y ? x : y);
const greater = (x: number, y: number): number => (x > y ? x : y);
const and = binaryI32((x, y) => x & y);
const or = binaryI32((x, y) => x | y);
const xor = binaryI32((x, y) => x ^ y);
const not = unaryI32((x) => ~x);

const f32Operations: Readonly<Partial<Record<ComputeOp, Emit>>> = {
  add: addF32,
  sub: binaryF32((x, y) => x - y),
  mul: mulF32,
  div: binaryF32((x, y) => x / y),
  min: binaryF32(less),
  max: binaryF32(greater),
  fma,
  neg: unaryI32((x) => x ^ 0x80000000),
  abs: unaryI32((x) => x & 0x7fffffff),
  sqrt: unaryF32(Math.sqrt),
  floor: unaryF32(Math.floor),
  ceil: unaryF32(Math.ceil),
  round: unaryF32(roundToEven),
  trunc: unaryF32(Math.trunc),
  and,
  or,
  xor,
  not,
  eq: compare("f32", (x, y) => x === y),
  ne: compare("f32", (x, y) => x !== y),
  lt: compare("f32", (x, y) => x < y),
  le: compare("f32", (x, y) => x <= y),
  gt: compare("f32", (x, y) => x > y),
  ge: compare("f32", (x, y) => x >= y),
  toI32:
    ({ file: { f32, i32 }, t, a, lanes }) =>
    () => {
      for (let l = 0; l < lanes; l++) i32[t + l] = Math.max(-2147483648, Math.min(2147483647, f32[a + l]));
    },
  sumLanes: reduce("f32", (x, y) => x + y),
  maxLanes: reduce("f32", greater),
  minLanes: reduce("f32", less),
};

const i32Operations: Readonly<Partial<Record<ComputeOp, Emit>>> = {
  add: binaryI32((x, y) => x + y),
  sub: binaryI32((x, y) => x - y),
  mul: binaryI32(Math.imul),
  min: binaryI32(less),
  max: binaryI32(greater),
  neg: unaryI32((x) => -x),
  abs: unaryI32(Math.abs),
  and,
  or,
  xor,
  not,
  shiftLeft: unaryI32((x, n) => x << n),
  shiftRight: unaryI32((x, n) => x >> n),
  shiftRightLogical: unaryI32((x, n) => x >>> n),
  eq: compare("i32", (x, y) => x === y),
  ne: compare("i32", (x, y) => x !== y),
  lt: compare("i32", (x, y) => x < y),
  le: compare("i32", (x, y) => x <= y),
  gt: compare("i32", (x, y) => x > y),
  ge: compare("i32", (x, y) => x >= y),
  toF32:
    ({ file: { f32, i32 }, t, a, lanes }) =>
    () => {
      for (let l = 0; l < lanes; l++) f32[t + l] = i32[a + l];
    },
  sumLanes: reduce("i32", (x, y) => x + y),
  maxLanes: reduce("i32", greater),
  minLanes: reduce("i32", less),
};

const maskOperations: Readonly<Partial<Record<ComputeOp, Emit>>> = { and, or, xor, not };

const anyOperations: Readonly<Partial<Record<ComputeOp, Emit>>> = {
  select,
  asF32: copyBits,
  asI32: copyBits,
  broadcastLane: shuffle((_, __, { a, immediate }) => a + immediate),
  unpackLow32: unpack(1, false),
  unpackHigh32: unpack(1, true),
  unpackLow64: unpack(2, false),
  unpackHigh64: unpack(2, true),
  dotU8I8,
  dotU8I8Narrow: dotU8I8,
  dotBf16,
  shuffleBytes,
};

const byElement = { f32: f32Operations, i32: i32Operations, mask: maskOperations };

/** A closure that computes one operation. `slot` gives a register's first lane in the file. */
export function interpretCompute(
  { op, target, operands, immediate = 0, table = [] }: Extract<Statement, { kind: "compute" }>,
  file: RegisterFile,
  slot: (register: Register) => number,
  fused: boolean,
): () => void {
  const emit = anyOperations[op] ?? byElement[operands[0].element][op];
  invariant(emit, `operation ${op} has no meaning for ${operands[0].element} registers`);
  const [a, b = 0, c = 0] = operands.map(slot);
  return emit({ file, t: slot(target), a, b, c, lanes: target.lanes, immediate, table, fused });
}
