import type { ComputeOp, Register } from "./kernel.ts";

type Element = Register["element"];

/** What an operation takes and gives. */
export interface ComputeOperation {
  readonly operands: number;
  /** Elements that the operands may have (all the same; for `select` those of the last two, unless `each` says otherwise). */
  readonly elements: readonly Element[];
  /** The element of each operand, where they differ. */
  readonly each?: readonly Element[];
  /** Element of the result; undefined for that of the (last) operand. */
  readonly result?: Element;
  readonly immediate?: "bits" | "lane" | "table";
  readonly leastLanes?: number;
}

const f32 = ["f32"] as const;
const i32 = ["i32"] as const;
const numbers = ["f32", "i32"] as const;
const all = ["f32", "i32", "mask"] as const;

const unaryFloat = { operands: 1, elements: f32 } as const;
const binaryNumber = { operands: 2, elements: numbers } as const;
const bitwise = { operands: 2, elements: all } as const;
const shift = { operands: 1, elements: i32, immediate: "bits" } as const;
const comparison = { operands: 2, elements: numbers, result: "mask" } as const;
const acrossLanes = { operands: 1, elements: numbers } as const;
const dot = { operands: 3, elements: i32 } as const;
const unpack = { operands: 2, elements: all, leastLanes: 4 } as const;

const operations = {
  add: binaryNumber,
  sub: binaryNumber,
  mul: binaryNumber,
  div: { operands: 2, elements: f32 },
  min: binaryNumber,
  max: binaryNumber,
  fma: { operands: 3, elements: f32 },
  neg: { operands: 1, elements: numbers },
  abs: { operands: 1, elements: numbers },
  sqrt: unaryFloat,
  floor: unaryFloat,
  ceil: unaryFloat,
  round: unaryFloat,
  trunc: unaryFloat,
  and: bitwise,
  or: bitwise,
  xor: bitwise,
  not: { operands: 1, elements: all },
  shiftLeft: shift,
  shiftRight: shift,
  shiftRightLogical: shift,
  eq: comparison,
  ne: comparison,
  lt: comparison,
  le: comparison,
  gt: comparison,
  ge: comparison,
  select: { operands: 3, elements: all },
  toF32: { operands: 1, elements: i32, result: "f32" },
  toI32: { operands: 1, elements: f32, result: "i32" },
  asF32: { operands: 1, elements: all, result: "f32" },
  asI32: { operands: 1, elements: all, result: "i32" },
  sumLanes: acrossLanes,
  maxLanes: acrossLanes,
  minLanes: acrossLanes,
  broadcastLane: { operands: 1, elements: all, immediate: "lane" },
  unpackLow32: unpack,
  unpackHigh32: unpack,
  unpackLow64: unpack,
  unpackHigh64: unpack,
  dotU8I8: dot,
  dotU8I8Narrow: dot,
  dotBf16: { operands: 3, elements: i32, each: ["i32", "i32", "f32"], result: "f32" },
  shuffleBytes: { operands: 1, elements: i32, immediate: "table", leastLanes: 4 },
} as const satisfies Readonly<Record<ComputeOp, ComputeOperation>>;

/** The operations of the kernel language by name; their meaning is at ComputeOp. */
export const computeOperations: Readonly<Record<ComputeOp, ComputeOperation>> = operations;

/** Something for every operation and every element that its operands may have: what each backend fills, so that the compiler finds a hole. */
export type ByOperation<T> = {
  readonly [Op in ComputeOp]: { readonly [E in (typeof operations)[Op]["elements"][number]]: T };
};

/** The element by which an operation is looked up in such a table. */
export const operandElement = (op: ComputeOp, operands: readonly Register[]): Element => operands[op === "select" ? 1 : 0].element;

/** What a table has for an operation on some operands. */
export function forOperation<T>(table: ByOperation<T>, op: ComputeOp, operands: readonly Register[]): T {
  return (table[op] as Readonly<Record<Element, T>>)[operandElement(op, operands)];
}

/** The element of an operation's result. */
export function resultElement(op: ComputeOp, operands: readonly Register[]): Element {
  return computeOperations[op].result ?? operands[op === "select" ? 1 : 0].element;
}
