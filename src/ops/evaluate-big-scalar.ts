import { shapeSize } from "../common/shape.ts";
import type { BinaryScalarOp, ScalarExpression, UnaryScalarOp } from "../model/scalar-expression.ts";
import { type ElementType, elementTypes } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";
import { allocateArray } from "../tensor/allocate-array.ts";
import { allocateNumbers, type NumberArray } from "../tensor/tensor-numbers.ts";
import { broadcastPositions } from "./broadcast-positions.ts";

/** What float64 has exactly: integers up to here. */
const exactLimit = 2 ** 53;

/** Whether integers of these tensors, and all intermediate results, are exact in float64. */
export function fitsNumbers(expression: ScalarExpression, inputs: readonly NumberArray[]): boolean {
  const bounds = inputs.map(magnitude);
  let most = 0;
  const visit = (e: ScalarExpression): number => {
    const bound = boundOf(e);
    most = Math.max(most, bound);
    return bound;
  };
  const boundOf = (e: ScalarExpression): number => {
    switch (e.kind) {
      case "input":
        return bounds[e.index];
      case "constant":
        return Math.abs(e.value);
      case "unary":
        return e.op === "sign" || e.op === "not" ? Math.min(1, visit(e.x)) : visit(e.x);
      case "binary":
        return binaryBound(e.op, visit(e.a), visit(e.b));
      case "select":
        visit(e.condition);
        return Math.max(visit(e.a), visit(e.b));
    }
  };
  visit(expression);
  return most <= exactLimit;
}

function magnitude(data: NumberArray): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) if (data[i] > most || -data[i] > most) most = Math.abs(data[i]);
  return most;
}

function binaryBound(op: BinaryScalarOp, a: number, b: number): number {
  switch (op) {
    case "add":
    case "sub":
      return a + b;
    case "mul":
      return a * b;
    case "pow":
      return Math.max(1, a) ** b;
    case "min":
    case "max":
    case "mod":
    case "floorMod":
      return Math.max(a, b);
    case "div":
    case "pythonDiv":
      return a;
    default:
      return 1;
  }
}

const floorMod = (a: bigint, b: bigint): bigint => {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
};
const truth = (x: boolean): bigint => (x ? 1n : 0n);

/** Division by zero gives 0, as for smaller integers. */
const binary: Readonly<Record<BinaryScalarOp, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  pythonDiv: (a, b) => (b === 0n ? 0n : (a - floorMod(a, b)) / b),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
  pow: (a, b) => power(a, b),
  mod: (a, b) => (b === 0n ? 0n : a % b),
  floorMod: (a, b) => (b === 0n ? 0n : floorMod(a, b)),
  eq: (a, b) => truth(a === b),
  ne: (a, b) => truth(a !== b),
  lt: (a, b) => truth(a < b),
  le: (a, b) => truth(a <= b),
  gt: (a, b) => truth(a > b),
  ge: (a, b) => truth(a >= b),
  and: (a, b) => truth(a !== 0n && b !== 0n),
  or: (a, b) => truth(a !== 0n || b !== 0n),
  xor: (a, b) => truth((a !== 0n) !== (b !== 0n)),
};

/** a to the power of b modulo 2^64, by squaring: the numbers stay small whatever the exponent is. */
function power(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  for (let base = a, rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

const unary: Readonly<Partial<Record<UnaryScalarOp, (x: bigint) => bigint>>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x < 0n ? -1n : truth(x > 0n)),
  floor: (x) => x,
  ceil: (x) => x,
  round: (x) => x,
  roundAway: (x) => x,
  trunc: (x) => x,
  not: (x) => truth(x === 0n),
};

type Compiled = (inputs: readonly bigint[]) => bigint;

/** Undefined where the expression needs fractions. */
function compile(e: ScalarExpression): Compiled | undefined {
  switch (e.kind) {
    case "input":
      return (inputs) => inputs[e.index];
    case "constant": {
      if (!Number.isInteger(e.value)) return undefined;
      const value = BigInt(e.value);
      return () => value;
    }
    case "unary": {
      const [f, x] = [unary[e.op], compile(e.x)];
      return f && x && ((inputs) => f(x(inputs)));
    }
    case "binary": {
      const [f, a, b] = [binary[e.op], compile(e.a), compile(e.b)];
      return a && b && ((inputs) => f(a(inputs), b(inputs)));
    }
    case "select": {
      const [c, a, b] = [compile(e.condition), compile(e.a), compile(e.b)];
      return c && a && b && ((inputs) => (c(inputs) === 0n ? b(inputs) : a(inputs)));
    }
  }
}

/** Evaluates an expression over integers by BigInts, for numbers that float64 does not have. Undefined where it needs fractions. */
export function evaluateBigScalar(
  expression: ScalarExpression,
  inputs: readonly Tensor[],
  shape: readonly number[],
  outputType: ElementType,
): Tensor | undefined {
  const f = compile(expression);
  if (f === undefined) return undefined;
  const size = shapeSize(shape);
  const positions = inputs.map((t) => {
    const own = new Float64Array(t.size === 1 ? 0 : size);
    if (t.size !== 1) broadcastPositions(t.shape, shape)(own, 0, size);
    return own;
  });
  const values = new Array<bigint>(inputs.length);
  const elementAt = (i: number): bigint => {
    for (const [k, t] of inputs.entries()) values[k] = BigInt(t.data[positions[k][i] ?? 0]);
    return f(values);
  };
  if (outputType === "i64" || outputType === "u64") {
    const out = allocateArray(elementTypes[outputType].array, size) as BigInt64Array;
    for (let i = 0; i < size; i++) out[i] = elementAt(i);
    return new Tensor(outputType, shape, out);
  }
  const out = allocateNumbers(outputType, size);
  for (let i = 0; i < size; i++) out[i] = Number(BigInt.asIntN(32, elementAt(i)));
  return new Tensor(outputType, shape, out);
}
