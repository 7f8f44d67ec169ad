import { type BinaryScalarOp, partsOf, type ScalarExpression, type UnaryScalarOp } from "../model/scalar-expression.ts";
import type { KernelBuilder } from "./builder.ts";
import type { Register } from "./kernel.ts";
import * as math from "./vector-math.ts";

type Unary = (k: KernelBuilder, x: Register) => Register;
type Binary = (k: KernelBuilder, a: Register, b: Register) => Register;

const number = (k: KernelBuilder, like: Register, value: number): Register =>
  k.constant(value, { lanes: like.lanes, element: like.element === "i32" ? "i32" : "f32" });

/** 0 or 1 for a mask. */
const maskAs = (k: KernelBuilder, mask: Register, element: "f32" | "i32"): Register =>
  k.select(mask, k.constant(1, { lanes: mask.lanes, element }), k.constant(0, { lanes: mask.lanes, element }));

const signedBits =
  (unused: number): Unary =>
  (k, x) =>
    k.compute("shiftRight", [k.compute("shiftLeft", [x], unused)], unused);

const unary: Readonly<Partial<Record<UnaryScalarOp, Unary>>> = {
  neg: (k, x) => k.compute("neg", [x]),
  abs: (k, x) => k.compute("abs", [x]),
  sign: (k, x) =>
    k.select(k.compute("gt", [x, number(k, x, 0)]), number(k, x, 1), k.select(k.compute("lt", [x, number(k, x, 0)]), number(k, x, -1), x)),
  sqrt: (k, x) => k.compute("sqrt", [x]),
  floor: (k, x) => k.compute("floor", [x]),
  ceil: (k, x) => k.compute("ceil", [x]),
  round: (k, x) => k.compute("round", [x]),
  roundAway: (k, x) => {
    const magnitude = k.compute("trunc", [k.add(k.compute("abs", [x]), number(k, x, 0.49999997))]);
    return k.select(k.compute("lt", [x, number(k, x, 0)]), k.compute("neg", [magnitude]), magnitude);
  },
  trunc: (k, x) => k.compute("trunc", [x]),
  exp: math.exp,
  log: math.log,
  erf: math.erf,
  tanh: math.tanh,
  sin: math.sin,
  cos: math.cos,
  tan: math.tan,
  atan: math.atan,
  not: (k, x) => k.compute("not", [x]),
  toFloat: (k, x) => (x.element === "mask" ? maskAs(k, x, "f32") : x.element === "f32" ? x : k.compute("toF32", [x])),
  toInt32: (k, x) => {
    if (x.element !== "f32") return x.element === "mask" ? maskAs(k, x, "i32") : x;
    const inside = k.compute("and", [k.compute("ge", [x, number(k, x, -(2 ** 31))]), k.compute("lt", [x, number(k, x, 2 ** 31)])]);
    return k.select(inside, k.compute("toI32", [x]), k.constant(-(2 ** 31), { lanes: x.lanes, element: "i32" }));
  },
  wrapInt8: signedBits(24),
  wrapUint8: (k, x) => k.compute("and", [x, number(k, x, 0xff)]),
  wrapInt16: signedBits(16),
  wrapUint16: (k, x) => k.compute("and", [x, number(k, x, 0xffff)]),
};

/** Whether kernels compute a function. */
export const canEmit = (op: UnaryScalarOp): boolean => unary[op] !== undefined;

const direct =
  (op: "add" | "sub" | "mul" | "div" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "and" | "or" | "xor"): Binary =>
  (k, a, b) =>
    k.compute(op, [a, b]);

const binary: Readonly<Record<BinaryScalarOp, Binary>> = {
  add: direct("add"),
  sub: direct("sub"),
  mul: direct("mul"),
  div: direct("div"),
  pythonDiv: direct("div"),
  // The machine's min and max give the second operand for NaN: the data, not the constant.
  min: (k, a, b) => k.min(b, a),
  max: (k, a, b) => k.max(b, a),
  pow: math.pow,
  mod: (k, a, b) => k.sub(a, k.mul(k.compute("trunc", [k.div(a, b)]), b)),
  floorMod: (k, a, b) => k.sub(a, k.mul(k.compute("floor", [k.div(a, b)]), b)),
  eq: (k, a, b) => (a.element === "mask" ? k.compute("not", [k.compute("xor", [a, b])]) : k.compute("eq", [a, b])),
  ne: (k, a, b) => k.compute(a.element === "mask" ? "xor" : "ne", [a, b]),
  lt: direct("lt"),
  le: direct("le"),
  gt: direct("gt"),
  ge: direct("ge"),
  and: direct("and"),
  or: direct("or"),
  xor: direct("xor"),
};

/** Powers that need no logarithm. */
const constantPowers: ReadonlyMap<number, Unary> = new Map<number, Unary>([
  [1, (_, x) => x],
  [2, (k, x) => k.mul(x, x)],
  [3, (k, x) => k.mul(k.mul(x, x), x)],
  [0.5, (k, x) => k.compute("sqrt", [x])],
  [-0.5, (k, x) => k.div(number(k, x, 1), k.compute("sqrt", [x]))],
  [-1, (k, x) => k.div(number(k, x, 1), x)],
]);

const logic: ReadonlySet<BinaryScalarOp> = new Set<BinaryScalarOp>(["and", "or", "xor"]);
const comparisons: ReadonlySet<BinaryScalarOp> = new Set<BinaryScalarOp>(["eq", "ne", "lt", "le", "gt", "ge"]);

const rounding: ReadonlySet<string> = new Set<UnaryScalarOp | BinaryScalarOp>([
  "round",
  "roundAway",
  "floor",
  "ceil",
  "trunc",
  "mod",
  "floorMod",
  "toInt32",
]);

/**
 * The parts of an expression whose operations must each be rounded by itself, as the formula says: those that something rounds to whole
 * numbers or compares, since the result jumps where they move by a last bit, and those of rounded numbers, which lie on a grid.
 */
function exactParts(expression: ScalarExpression): ReadonlySet<ScalarExpression> {
  const exact = new Set<ScalarExpression>();
  const onGrid = new Map<ScalarExpression, boolean>();
  const visit = (e: ScalarExpression, isRounded: boolean): boolean => {
    const known = onGrid.get(e);
    if (known !== undefined && (!isRounded || exact.has(e))) return known;
    if (isRounded) exact.add(e);
    const rounds = "op" in e && rounding.has(e.op);
    const inside = isRounded || rounds || ("op" in e && comparisons.has(e.op as BinaryScalarOp));
    let found = rounds;
    for (const part of partsOf(e)) if (visit(part, inside)) found = true;
    if (found) exact.add(e);
    onGrid.set(e, found);
    return found;
  };
  visit(expression, false);
  return exact;
}

type RegisterKind = Register["element"];

/** What registers hold of each part; undefined for constants and what is made of them, which are what they are wanted as. */
function registersOf(expression: ScalarExpression, inputs: readonly Register[]): (e: ScalarExpression) => RegisterKind | undefined {
  const memo = new Map<ScalarExpression, RegisterKind | undefined>();
  const visit = (e: ScalarExpression): RegisterKind | undefined => {
    if (!memo.has(e)) memo.set(e, visitNew(e));
    return memo.get(e);
  };
  const visitNew = (e: ScalarExpression): RegisterKind | undefined => {
    switch (e.kind) {
      case "input":
        return inputs[e.index].element;
      case "constant":
        return undefined;
      case "unary": {
        const x = visit(e.x);
        return e.op === "toFloat" ? "f32" : e.op === "toInt32" ? "i32" : x;
      }
      case "binary": {
        const operands = visit(e.a) ?? visit(e.b);
        return comparisons.has(e.op) || logic.has(e.op) ? "mask" : operands;
      }
      case "select":
        return visit(e.a) ?? visit(e.b);
    }
  };
  visit(expression);
  return visit;
}

export interface EmitOptions {
  readonly lanes?: number;
  /** What the result must be, where the expression leaves it open: a number alone may be either. */
  readonly result?: RegisterKind | undefined;
}

/**
 * Emits an expression over registers, f32 or i32, or masks for booleans, as `machineScalar` makes them. `inputs` gives x0, x1, ...;
 * equal sub-expressions are emitted once.
 */
export function emitScalar(
  k: KernelBuilder,
  expression: ScalarExpression,
  inputs: readonly Register[],
  { lanes = inputs[0]?.lanes ?? k.lanes, result = "f32" }: EmitOptions = {},
): Register {
  const exact = exactParts(expression);
  const kindOf = registersOf(expression, inputs);
  const seen = new Map<ScalarExpression, Register>();
  const emit = (e: ScalarExpression, wanted: RegisterKind): Register => {
    const known = seen.get(e);
    if (known) return known;
    const register = emitNode(e, wanted);
    // A number alone may be wanted as another kind elsewhere.
    if (kindOf(e) !== undefined) seen.set(e, register);
    return register;
  };
  const emitNode = (e: ScalarExpression, wanted: RegisterKind): Register => {
    switch (e.kind) {
      case "input":
        return inputs[e.index];
      case "constant":
        return k.constant(e.value, { lanes, element: wanted === "i32" ? "i32" : "f32" });
      case "unary":
        return (unary[e.op] as Unary)(k, emit(e.x, kindOf(e.x) ?? (e.op === "toFloat" ? "i32" : e.op === "toInt32" ? "f32" : wanted)));
      case "binary": {
        const operands = kindOf(e.a) ?? kindOf(e.b) ?? (wanted === "mask" ? "f32" : wanted);
        const power = e.op === "pow" && e.b.kind === "constant" ? constantPowers.get(e.b.value) : undefined;
        if (power) return power(k, emit(e.a, operands));
        // a * b + c in one instruction, with one rounding.
        if (e.op === "add" && operands === "f32" && !exact.has(e)) {
          if (e.a.kind === "binary" && e.a.op === "mul") return k.fma(emit(e.a.a, "f32"), emit(e.a.b, "f32"), emit(e.b, "f32"));
          if (e.b.kind === "binary" && e.b.op === "mul") return k.fma(emit(e.b.a, "f32"), emit(e.b.b, "f32"), emit(e.a, "f32"));
        }
        return binary[e.op](k, emit(e.a, operands), emit(e.b, operands));
      }
      case "select": {
        const kind = kindOf(e) ?? wanted;
        return k.select(emit(e.condition, "mask"), emit(e.a, kind), emit(e.b, kind));
      }
    }
  };
  return emit(expression, result);
}
