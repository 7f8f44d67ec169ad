import { canEmit } from "../kernel/emit-scalar.ts";
import type { Node } from "../model/node.ts";
import {
  type BinaryScalarOp,
  constant,
  div,
  eq,
  floor,
  input,
  mul,
  ne,
  type ScalarExpression,
  select,
  sub,
  toFloat,
  toInt32,
  trunc,
  wrapInt16,
  wrapInt8,
  wrapUint16,
  wrapUint8,
} from "../model/scalar-expression.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { hasViewElement, registerOf, viewElements } from "./view-element.ts";

type RegisterKind = "f32" | "i32" | "mask";

/** A part of an expression with what registers hold of it, and, of integers, what it would be if they were wide enough. */
interface Typed {
  readonly expression: ScalarExpression;
  /** Undefined for a number that fits any. */
  readonly register: RegisterKind | undefined;
  readonly least: number;
  readonly most: number;
}

const int32 = { least: -(2 ** 31), most: 2 ** 31 - 1 };

/** What the integer types hold of those that registers compute with, and how a register's number becomes one of them. */
const integers: Readonly<
  Partial<Record<ElementType, { readonly least: number; readonly most: number; readonly wrap: (x: ScalarExpression) => ScalarExpression }>>
> = {
  i8: { least: -128, most: 127, wrap: wrapInt8 },
  u8: { least: 0, most: 255, wrap: wrapUint8 },
  i16: { least: -32768, most: 32767, wrap: wrapInt16 },
  u16: { least: 0, most: 65535, wrap: wrapUint16 },
  i32: { ...int32, wrap: (x) => x },
};

/** Magnitudes up to which f32 holds all integers, and quotients cut to integers are exact. */
const exactInFloat = 2 ** 24;

const fits = (x: Typed, { least, most }: { readonly least: number; readonly most: number }): boolean => x.least >= least && x.most <= most;

/**
 * An element-wise operation as an expression over 32-bit registers that gives what the operation's definition gives: conversions
 * between types stand in it, integers wrap around where their type does, and what registers cannot compute exactly is refused
 * (undefined), so that it runs on the host.
 */
export function machineScalar(node: Node): ScalarExpression | undefined {
  const { scalar } = node.op;
  if (scalar === undefined || node.outputs.length !== 1 || node.attributes["auto_broadcast"] === "pdpd") return undefined;
  if (node.outputs[0].partialShape.rank === undefined || node.outputs[0].partialShape.rank > 6) return undefined;
  const types = node.inputs.map((i) => i.elementType);
  const to = node.outputs[0].elementType;
  if (registerOf(to) === undefined || types.some((t) => registerOf(t) === undefined)) return undefined;
  const own = scalar(
    types.map((_, i) => input(i)),
    node.attributes,
  );
  const value = typed(own, types);
  return value && converted(value, to, own.kind === "input")?.expression;
}

/** Whether registers compute an expression of inputs of some types. */
export const isMachineScalar = (expression: ScalarExpression, types: readonly ElementType[]): boolean =>
  typed(expression, types) !== undefined;

/** Brings the result of an operation to its output's type. Only conversions change what registers hold. */
function converted(value: Typed, to: ElementType, isConversion: boolean): Typed | undefined {
  const register = registerOf(to);
  const { expression: x, register: from } = value;
  if (from !== undefined && from !== register && !isConversion) return undefined;
  switch (register) {
    case "mask":
      return from === "mask" ? value : { ...value, register, expression: ne(x, 0) };
    case "f32": {
      if (from === "mask") return { ...value, register, expression: select(x, 1, 0) };
      if (from !== "i32") return value;
      // Rounded once: to f32 first and then to a shorter float would be twice.
      const roundsTwice =
        hasViewElement(to) && viewElements[to].roundsOnStore === true && !fits(value, { least: -exactInFloat, most: exactInFloat });
      return roundsTwice ? undefined : { ...value, register, expression: toFloat(x) };
    }
    case "i32": {
      const range = integers[to] as NonNullable<(typeof integers)[ElementType]>;
      const whole: Typed =
        from === "mask"
          ? { register, least: 0, most: 1, expression: select(x, 1, 0) }
          : from === "f32"
            ? { register, ...int32, expression: toInt32(x) }
            : value;
      return fits(whole, range) ? whole : { register, least: range.least, most: range.most, expression: range.wrap(whole.expression) };
    }
    case undefined:
      return undefined;
  }
}

/** Finds what registers hold of each part; undefined where they cannot compute one. */
function typed(root: ScalarExpression, types: readonly ElementType[]): Typed | undefined {
  const memo = new Map<ScalarExpression, Typed | undefined>();
  const visit = (e: ScalarExpression): Typed | undefined => {
    if (memo.has(e)) return memo.get(e);
    const result = visitNew(e);
    memo.set(e, result);
    return result;
  };
  const visitNew = (e: ScalarExpression): Typed | undefined => {
    switch (e.kind) {
      case "input": {
        const range = integers[types[e.index]] ?? { least: -Infinity, most: Infinity };
        return { expression: e, register: registerOf(types[e.index]), least: range.least, most: range.most };
      }
      case "constant":
        return { expression: e, register: undefined, least: e.value, most: e.value };
      case "unary": {
        const x = visit(e.x);
        return x && typedUnary(e, x);
      }
      case "binary": {
        const [a, b] = [visit(e.a), visit(e.b)];
        return a && b && typedBinary(e.op, a, b);
      }
      case "select": {
        const [condition, a, b] = [visit(e.condition), visit(e.a), visit(e.b)];
        if (condition?.register !== "mask" || a === undefined || b === undefined) return undefined;
        const register = a.register ?? b.register;
        if ((a.register ?? register) !== (b.register ?? register)) return undefined;
        if (register === "i32" && ![a, b].every(isInt32)) return undefined;
        return {
          expression: select(condition.expression, a.expression, b.expression),
          register,
          least: Math.min(a.least, b.least),
          most: Math.max(a.most, b.most),
        };
      }
    }
  };
  return visit(root);
}

/** A register's number, or an integer constant that one holds. */
const isInt32 = (x: Typed): boolean =>
  fits(x, int32) && (x.register === "i32" || (x.register === undefined && Number.isInteger(x.least) && x.least === x.most));

const rounding: ReadonlySet<string> = new Set(["floor", "ceil", "round", "roundAway", "trunc"]);

function typedUnary(e: ScalarExpression & { readonly kind: "unary" }, x: Typed): Typed | undefined {
  const expression: ScalarExpression = { ...e, x: x.expression };
  if (e.op === "not") return x.register === "mask" ? { ...x, expression } : undefined;
  if (x.register !== "i32") return x.register !== "mask" && canEmit(e.op) ? { ...unbounded, register: x.register, expression } : undefined;
  // Integers are whole.
  if (rounding.has(e.op)) return x;
  if (e.op === "neg") return { register: "i32", expression, least: -x.most, most: -x.least };
  if (!isInt32(x)) return undefined;
  if (e.op === "abs") return { register: "i32", expression, least: 0, most: Math.max(-x.least, x.most) };
  if (e.op === "sign") return { register: "i32", expression, least: -1, most: 1 };
  return undefined;
}

const unbounded = { least: -Infinity, most: Infinity };
const logic: ReadonlySet<BinaryScalarOp> = new Set<BinaryScalarOp>(["and", "or", "xor"]);
const comparisons: ReadonlySet<BinaryScalarOp> = new Set<BinaryScalarOp>(["eq", "ne", "lt", "le", "gt", "ge"]);

function typedBinary(op: BinaryScalarOp, a: Typed, b: Typed): Typed | undefined {
  const register = a.register ?? b.register ?? "f32";
  if ((a.register ?? register) !== (b.register ?? register)) return undefined;
  const expression: ScalarExpression = { kind: "binary", op, a: a.expression, b: b.expression };
  const mask: Typed = { register: "mask", expression, least: 0, most: 1 };
  if (register === "mask") return logic.has(op) || op === "eq" || op === "ne" ? mask : undefined;
  if (logic.has(op)) return undefined;
  if (register === "f32") return comparisons.has(op) ? mask : { ...unbounded, register, expression };
  return typedInteger(op, a, b, expression, mask);
}

/** Integers: sums, differences and products are right in their lower 32 bits however large; all else needs operands that fit. */
function typedInteger(op: BinaryScalarOp, a: Typed, b: Typed, expression: ScalarExpression, mask: Typed): Typed | undefined {
  if (op === "min" || op === "max") {
    const [x, y] = [a, b].map(clampedConstant);
    if (![x, y].every(isInt32)) return undefined;
    const pick = op === "min" ? Math.min : Math.max;
    return {
      register: "i32",
      expression: { kind: "binary", op, a: x.expression, b: y.expression },
      least: pick(x.least, y.least),
      most: pick(x.most, y.most),
    };
  }
  if ([a, b].some((x) => x.register === undefined && !isInt32(x))) return undefined;
  const corners = (f: (x: number, y: number) => number): Typed => {
    const values = [f(a.least, b.least), f(a.least, b.most), f(a.most, b.least), f(a.most, b.most)];
    return { register: "i32", expression, least: Math.min(...values), most: Math.max(...values) };
  };
  switch (op) {
    case "add":
      return corners((x, y) => x + y);
    case "sub":
      return corners((x, y) => x - y);
    case "mul":
      return corners((x, y) => x * y);
    case "div":
    case "pythonDiv":
    case "mod":
    case "floorMod":
      return quotient(op, a, b);
    case "pow":
      return power(a, b);
    default:
      return comparisons.has(op) && [a, b].every(isInt32) ? mask : undefined;
  }
}

/** A limit beyond all integers limits nothing. */
const clampedConstant = (x: Typed): Typed => {
  if (x.register !== undefined || Number.isNaN(x.least)) return x;
  const value = Math.max(int32.least, Math.min(int32.most, x.least));
  return value === x.least ? x : { ...x, expression: constant(value), least: value, most: value };
};

/** Division of integers that f32 holds: the quotient, rounded and then cut, is the integers' own. By 0 it gives 0. */
function quotient(op: "div" | "pythonDiv" | "mod" | "floorMod", a: Typed, b: Typed): Typed | undefined {
  const small = { least: -exactInFloat, most: exactInFloat };
  if (!fits(a, small) || !fits(b, small)) return undefined;
  const cut = op === "div" || op === "mod" ? trunc : floor;
  const whole = toInt32(cut(div(toFloat(a.expression), toFloat(b.expression))));
  const value = op === "div" || op === "pythonDiv" ? whole : sub(a.expression, mul(whole, b.expression));
  const isZero = b.least <= 0 && b.most >= 0;
  const bound = Math.max(Math.abs(a.least), Math.abs(a.most), Math.abs(b.least), Math.abs(b.most));
  return { register: "i32", expression: isZero ? select(eq(b.expression, 0), 0, value) : value, least: -bound, most: bound };
}

/** Powers that are products. */
function power(a: Typed, b: Typed): Typed | undefined {
  if (b.register !== undefined || a.register !== "i32" || ![1, 2, 3].includes(b.least)) return undefined;
  const x = a.expression;
  const bound = Math.max(Math.abs(a.least), Math.abs(a.most)) ** b.least;
  return { register: "i32", expression: b.least === 1 ? x : b.least === 2 ? mul(x, x) : mul(mul(x, x), x), least: -bound, most: bound };
}
