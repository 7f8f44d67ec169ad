import { type BinaryScalarOp, partsOf, type ScalarExpression, type UnaryScalarOp } from "../model/scalar-expression.ts";
import type { KernelBuilder } from "./builder.ts";
import type { Register } from "./kernel.ts";
import * as math from "./vector-math.ts";

type Unary = (k: KernelBuilder, x: Register) => Register;
type Binary = (k: KernelBuilder, a: Register, b: Register) => Register;

const number = (k: KernelBuilder, like: Register, value: number): Register => k.constant(value, { lanes: like.lanes });

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
};

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
  eq: direct("eq"),
  ne: direct("ne"),
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

/** Whether an expression can be emitted over f32 registers and masks: what it gives, or undefined where it cannot. */
export function scalarResult(e: ScalarExpression, inputs: readonly ("number" | "mask")[]): "number" | "mask" | undefined {
  const kind = (x: ScalarExpression): "number" | "mask" | undefined => scalarResult(x, inputs);
  switch (e.kind) {
    case "input":
      return inputs[e.index];
    case "constant":
      return "number";
    case "unary":
      return unary[e.op] !== undefined && kind(e.x) === (e.op === "not" ? "mask" : "number")
        ? e.op === "not"
          ? "mask"
          : "number"
        : undefined;
    case "binary": {
      const wanted = logic.has(e.op) ? "mask" : "number";
      if (kind(e.a) !== wanted || kind(e.b) !== wanted) return undefined;
      return logic.has(e.op) || comparisons.has(e.op) ? "mask" : "number";
    }
    case "select":
      return kind(e.condition) === "mask" && kind(e.a) === "number" && kind(e.b) === "number" ? "number" : undefined;
  }
}

const rounding: ReadonlySet<string> = new Set<UnaryScalarOp | BinaryScalarOp>([
  "round",
  "roundAway",
  "floor",
  "ceil",
  "trunc",
  "mod",
  "floorMod",
]);

/**
 * The parts of an expression whose operations must each be rounded by itself, as the formula says: those that something rounds to whole
 * numbers or compares, since the result jumps where they move by a last bit, and those of rounded numbers, which lie on a grid.
 * `rounded`: the whole is rounded, where it is stored as integers.
 */
function exactParts(expression: ScalarExpression, rounded: boolean): ReadonlySet<ScalarExpression> {
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
  visit(expression, rounded);
  return exact;
}

/**
 * Emits an expression over f32 registers (masks for booleans). `inputs` gives x0, x1, ...; equal sub-expressions are emitted once.
 * `rounded`: the result will be stored as integers.
 */
export function emitScalar(
  k: KernelBuilder,
  expression: ScalarExpression,
  inputs: readonly Register[],
  { lanes = inputs[0]?.lanes ?? k.lanes, rounded = false }: { readonly lanes?: number; readonly rounded?: boolean } = {},
): Register {
  const exact = exactParts(expression, rounded);
  const seen = new Map<ScalarExpression, Register>();
  const emit = (e: ScalarExpression): Register => {
    const known = seen.get(e);
    if (known) return known;
    const register = emitNode(e);
    seen.set(e, register);
    return register;
  };
  const emitNode = (e: ScalarExpression): Register => {
    switch (e.kind) {
      case "input":
        return inputs[e.index];
      case "constant":
        return k.constant(e.value, { lanes });
      case "unary":
        return (unary[e.op] as Unary)(k, emit(e.x));
      case "binary": {
        const power = e.op === "pow" && e.b.kind === "constant" ? constantPowers.get(e.b.value) : undefined;
        if (power) return power(k, emit(e.a));
        // a * b + c in one instruction, with one rounding.
        if (e.op === "add" && !exact.has(e) && e.a.kind === "binary" && e.a.op === "mul") return k.fma(emit(e.a.a), emit(e.a.b), emit(e.b));
        if (e.op === "add" && !exact.has(e) && e.b.kind === "binary" && e.b.op === "mul") return k.fma(emit(e.b.a), emit(e.b.b), emit(e.a));
        return binary[e.op](k, emit(e.a), emit(e.b));
      }
      case "select":
        return k.select(emit(e.condition), emit(e.a), emit(e.b));
    }
  };
  return emit(expression);
}
