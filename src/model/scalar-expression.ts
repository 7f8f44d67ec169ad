/**
 * Element-wise arithmetic as data: one expression per operation, from which evaluation, constant folding and every
 * device's kernels follow. Values live in the domain of the operation's element type: floats, or integers (where
 * `div` truncates, `pythonDiv` rounds down, and `mod` has the dividend's sign); comparisons and logic give booleans.
 */
export type ScalarExpression =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "unary"; readonly op: UnaryScalarOp; readonly x: ScalarExpression }
  | { readonly kind: "binary"; readonly op: BinaryScalarOp; readonly a: ScalarExpression; readonly b: ScalarExpression }
  | { readonly kind: "select"; readonly condition: ScalarExpression; readonly a: ScalarExpression; readonly b: ScalarExpression };

/**
 * `round` is to nearest even, `roundAway` away from zero at ties. The last ones are conversions, in expressions for machines: to an
 * f32; to an i32 as OpenVINO converts (the fraction is cut off, what no i32 holds becomes the lowest one); to the lower bits of an i32.
 */
export type UnaryScalarOp =
  | "neg"
  | "abs"
  | "sign"
  | "sqrt"
  | "exp"
  | "log"
  | "erf"
  | "floor"
  | "ceil"
  | "round"
  | "roundAway"
  | "trunc"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "not"
  | "toFloat"
  | "toInt32"
  | "wrapInt8"
  | "wrapUint8"
  | "wrapInt16"
  | "wrapUint16";

export type BinaryScalarOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pythonDiv"
  | "min"
  | "max"
  | "pow"
  | "mod"
  | "floorMod"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"
  | "xor";

/** What the constructors below accept: an expression, or a number for a constant. */
export type ScalarOperand = ScalarExpression | number;

const lift = (x: ScalarOperand): ScalarExpression => (typeof x === "number" ? { kind: "constant", value: x } : x);
const unary =
  (op: UnaryScalarOp) =>
  (x: ScalarOperand): ScalarExpression => ({ kind: "unary", op, x: lift(x) });
const binary =
  (op: BinaryScalarOp) =>
  (a: ScalarOperand, b: ScalarOperand): ScalarExpression => ({ kind: "binary", op, a: lift(a), b: lift(b) });
type Unary = (x: ScalarOperand) => ScalarExpression;
type Binary = (a: ScalarOperand, b: ScalarOperand) => ScalarExpression;

export const input = (index: number): ScalarExpression => ({ kind: "input", index });
export const constant = (value: number): ScalarExpression => ({ kind: "constant", value });
export const select = (condition: ScalarOperand, a: ScalarOperand, b: ScalarOperand): ScalarExpression => ({
  kind: "select",
  condition: lift(condition),
  a: lift(a),
  b: lift(b),
});

export const neg: Unary = unary("neg");
export const abs: Unary = unary("abs");
export const sign: Unary = unary("sign");
export const sqrt: Unary = unary("sqrt");
export const exp: Unary = unary("exp");
export const log: Unary = unary("log");
export const erf: Unary = unary("erf");
export const floor: Unary = unary("floor");
export const ceil: Unary = unary("ceil");
export const round: Unary = unary("round");
export const roundAway: Unary = unary("roundAway");
export const trunc: Unary = unary("trunc");
export const sin: Unary = unary("sin");
export const cos: Unary = unary("cos");
export const tan: Unary = unary("tan");
export const asin: Unary = unary("asin");
export const acos: Unary = unary("acos");
export const atan: Unary = unary("atan");
export const sinh: Unary = unary("sinh");
export const cosh: Unary = unary("cosh");
export const tanh: Unary = unary("tanh");
export const asinh: Unary = unary("asinh");
export const acosh: Unary = unary("acosh");
export const atanh: Unary = unary("atanh");
export const not: Unary = unary("not");
export const toFloat: Unary = unary("toFloat");
export const toInt32: Unary = unary("toInt32");
export const wrapInt8: Unary = unary("wrapInt8");
export const wrapUint8: Unary = unary("wrapUint8");
export const wrapInt16: Unary = unary("wrapInt16");
export const wrapUint16: Unary = unary("wrapUint16");

export const add: Binary = binary("add");
export const sub: Binary = binary("sub");
export const mul: Binary = binary("mul");
export const div: Binary = binary("div");
export const pythonDiv: Binary = binary("pythonDiv");
export const min: Binary = binary("min");
export const max: Binary = binary("max");
export const pow: Binary = binary("pow");
export const mod: Binary = binary("mod");
export const floorMod: Binary = binary("floorMod");
export const eq: Binary = binary("eq");
export const ne: Binary = binary("ne");
export const lt: Binary = binary("lt");
export const le: Binary = binary("le");
export const gt: Binary = binary("gt");
export const ge: Binary = binary("ge");
export const and: Binary = binary("and");
export const or: Binary = binary("or");
export const xor: Binary = binary("xor");

/** Replaces the inputs of an expression: how a chain of element-wise operations becomes one expression. Shared parts stay shared. */
export function substitute(expression: ScalarExpression, replace: (index: number) => ScalarExpression): ScalarExpression {
  const memo = new Map<ScalarExpression, ScalarExpression>();
  const visit = (e: ScalarExpression): ScalarExpression => {
    const known = memo.get(e);
    if (known) return known;
    const result = rebuild(e);
    memo.set(e, result);
    return result;
  };
  const rebuild = (e: ScalarExpression): ScalarExpression => {
    switch (e.kind) {
      case "input":
        return replace(e.index);
      case "constant":
        return e;
      case "unary":
        return { ...e, x: visit(e.x) };
      case "binary":
        return { ...e, a: visit(e.a), b: visit(e.b) };
      case "select":
        return { ...e, condition: visit(e.condition), a: visit(e.a), b: visit(e.b) };
    }
  };
  return visit(expression);
}

/**
 * Prints an expression, `max(add(x0, 3), 0)`; equal text means equal expressions, so it serves as a key. What occurs several
 * times is written once, `t0 = add(x0, x1); mul(t0, t0)`, so that the text is as long as the expression has parts.
 */
export function formatScalar(expression: ScalarExpression): string {
  const uses = new Map<ScalarExpression, number>();
  const count = (e: ScalarExpression): void => {
    const known = uses.get(e) ?? 0;
    uses.set(e, known + 1);
    if (known === 0) for (const part of partsOf(e)) count(part);
  };
  count(expression);
  const names = new Map<ScalarExpression, string>();
  const definitions: string[] = [];
  const format = (e: ScalarExpression): string => {
    const known = names.get(e);
    if (known !== undefined) return known;
    if (e.kind === "input") return `x${e.index}`;
    if (e.kind === "constant") return Object.is(e.value, -0) ? "-0" : String(e.value);
    const text = `${e.kind === "select" ? "select" : e.op}(${partsOf(e).map(format).join(", ")})`;
    if ((uses.get(e) as number) === 1) return text;
    const name = `t${names.size}`;
    names.set(e, name);
    definitions.push(`${name} = ${text}; `);
    return name;
  };
  const text = format(expression);
  return definitions.join("") + text;
}

/** How many parts an expression has; shared ones count once. */
export function countParts(expression: ScalarExpression): number {
  const seen = new Set<ScalarExpression>([expression]);
  for (const e of seen) for (const part of partsOf(e)) seen.add(part);
  return seen.size;
}

/** The operands of an expression's operation. */
export function partsOf(e: ScalarExpression): readonly ScalarExpression[] {
  switch (e.kind) {
    case "input":
    case "constant":
      return [];
    case "unary":
      return [e.x];
    case "binary":
      return [e.a, e.b];
    case "select":
      return [e.condition, e.a, e.b];
  }
}
