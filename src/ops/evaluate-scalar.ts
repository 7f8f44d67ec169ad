import { broadcastShapes, rowMajorStrides, shapeSize } from "../common/shape.ts";
import { VintnerError } from "../common/errors.ts";
import type { BinaryScalarOp, ScalarExpression, UnaryScalarOp } from "../model/scalar-expression.ts";
import { type ElementType, isFloat } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";
import { allocateNumbers, type NumberArray, tensorNumbers, tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import { erf } from "./special-functions.ts";

const roundEven = (x: number): number => {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

const unary: Readonly<Record<UnaryScalarOp, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundEven,
  roundAway: (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5),
  trunc: Math.trunc,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  not: (x) => (x ? 0 : 1),
};

const binary: Readonly<Record<BinaryScalarOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pow: (a, b) => a ** b,
  mod: (a, b) => a % b,
  floorMod: (a, b) => a - Math.floor(a / b) * b,
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  and: (a, b) => (a && b ? 1 : 0),
  or: (a, b) => (a || b ? 1 : 0),
  xor: (a, b) => ((a ? !b : b) ? 1 : 0),
};

/** Integer semantics where they differ from those of floats. */
const integerBinary: Readonly<Partial<Record<BinaryScalarOp, (a: number, b: number) => number>>> = {
  div: (a, b) => Math.trunc(a / b),
  pow: (a, b) => Math.trunc(a ** b),
};

/** 64-bit integers beyond 2^53 need BigInts for these. */
const bigBinary: Readonly<Partial<Record<BinaryScalarOp, (a: bigint, b: bigint) => bigint>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
  mod: (a, b) => a % b,
};

type Column = Float64Array;

/** Elements computed at once: intermediate values of a chain stay in cache. */
const chunk = 2048;

/**
 * Evaluates an expression over tensors with numpy broadcasting. Arithmetic is in float64 (exact for integers below 2^53;
 * 64-bit integers beyond go through BigInts), the result rounded once to the output's type.
 */
export function evaluateScalar(expression: ScalarExpression, inputs: readonly Tensor[], outputType: ElementType): Tensor {
  const shape = inputs
    .map((t) => t.shape)
    .reduce<readonly number[]>((a, b) => {
      const out = broadcastShapes(a, b);
      if (out === undefined)
        throw new VintnerError("INVALID_ARGUMENT", { what: "shapes cannot be broadcast together", got: `[${a}] and [${b}]` });
      return out;
    }, []);
  const exact = evaluateBig(expression, inputs, shape, outputType);
  if (exact) return exact;
  const size = shapeSize(shape);
  const integer = inputs.length > 0 && inputs.every((t) => !isFloat(t.elementType) && t.elementType !== "boolean");
  const readers = inputs.map((t) => reader(t, shape));
  const output = outputType === "i64" || outputType === "u64" ? new Float64Array(size) : allocateNumbers(outputType, size);
  const program = compile(expression, integer);
  const columns = inputs.map(() => new Float64Array(chunk));
  const convertsToInteger = !isFloat(outputType) && outputType !== "boolean" && !integer;
  for (let begin = 0; begin < size; begin += chunk) {
    const count = Math.min(chunk, size - begin);
    for (const [i, read] of readers.entries()) read(columns[i], begin, count);
    const values = program(columns, count);
    store(output, begin, values, count, convertsToInteger, outputType === "boolean");
  }
  return tensorOfNumbers(outputType, shape, output);
}

function store(output: NumberArray, begin: number, values: Column, count: number, truncates: boolean, boolean: boolean): void {
  if (boolean) for (let i = 0; i < count; i++) output[begin + i] = values[i] !== 0 ? 1 : 0;
  else if (truncates) for (let i = 0; i < count; i++) output[begin + i] = Math.trunc(values[i]);
  else for (let i = 0; i < count; i++) output[begin + i] = values[i];
}

/** Fills a column with elements [begin, begin + count) of the broadcast tensor. */
function reader(tensor: Tensor, shape: readonly number[]): (column: Column, begin: number, count: number) => void {
  const data = tensorNumbers(tensor);
  if (tensor.size === shapeSize(shape))
    return (column, begin, count) => {
      for (let i = 0; i < count; i++) column[i] = data[begin + i];
    };
  if (tensor.size === 1) return (column, _, count) => void column.fill(data[0], 0, count);
  const lead = shape.length - tensor.shape.length;
  const own = rowMajorStrides(tensor.shape);
  const strides = shape.map((_, i) => (i < lead || tensor.shape[i - lead] === 1 ? 0 : own[i - lead]));
  const outer = rowMajorStrides(shape);
  return (column, begin, count) => {
    const counters = shape.map((d, i) => Math.floor(begin / outer[i]) % d);
    let at = counters.reduce((sum, c, i) => sum + c * strides[i], 0);
    for (let i = 0; i < count; i++) {
      column[i] = data[at];
      for (let d = shape.length - 1; d >= 0; d--) {
        at += strides[d];
        if (++counters[d] < shape[d]) break;
        at -= strides[d] * shape[d];
        counters[d] = 0;
      }
    }
  };
}

/** An expression as a function over columns; each node has a column of its own, shared ones are computed once. */
function compile(expression: ScalarExpression, integer: boolean): (inputs: readonly Column[], count: number) => Column {
  const steps: ((inputs: readonly Column[], count: number) => void)[] = [];
  const results = new Map<ScalarExpression, (inputs: readonly Column[]) => Column>();
  const visit = (e: ScalarExpression): ((inputs: readonly Column[]) => Column) => {
    const known = results.get(e);
    if (known) return known;
    const result = visitNew(e);
    results.set(e, result);
    return result;
  };
  const visitNew = (e: ScalarExpression): ((inputs: readonly Column[]) => Column) => {
    if (e.kind === "input") return (inputs) => inputs[e.index];
    const out = new Float64Array(chunk);
    switch (e.kind) {
      case "constant":
        out.fill(e.value);
        break;
      case "unary": {
        const x = visit(e.x);
        const f = unary[e.op];
        steps.push((inputs, count) => {
          const a = x(inputs);
          for (let i = 0; i < count; i++) out[i] = f(a[i]);
        });
        break;
      }
      case "binary": {
        const [x, y] = [visit(e.a), visit(e.b)];
        const f = (integer ? integerBinary[e.op] : undefined) ?? binary[e.op];
        steps.push((inputs, count) => {
          const [a, b] = [x(inputs), y(inputs)];
          for (let i = 0; i < count; i++) out[i] = f(a[i], b[i]);
        });
        break;
      }
      case "select": {
        const [c, x, y] = [visit(e.condition), visit(e.a), visit(e.b)];
        steps.push((inputs, count) => {
          const [condition, a, b] = [c(inputs), x(inputs), y(inputs)];
          for (let i = 0; i < count; i++) out[i] = condition[i] ? a[i] : b[i];
        });
        break;
      }
    }
    return () => out;
  };
  const result = visit(expression);
  return (inputs, count) => {
    for (const step of steps) step(inputs, count);
    return result(inputs);
  };
}

/** One binary operation on 64-bit integers of which some do not fit a double. */
function evaluateBig(
  e: ScalarExpression,
  inputs: readonly Tensor[],
  shape: readonly number[],
  outputType: ElementType,
): Tensor | undefined {
  if (outputType !== "i64" && outputType !== "u64") return undefined;
  if (!inputs.some((t) => isBig(t.data))) return undefined;
  if (e.kind !== "binary" || e.a.kind !== "input" || e.b.kind !== "input") return undefined;
  const f = bigBinary[e.op];
  const [a, b] = [inputs[e.a.index], inputs[e.b.index]];
  if (f === undefined || !isBigArray(a.data) || !isBigArray(b.data)) return undefined;
  const indexOf = (t: Tensor): ((i: number) => number) => {
    const positions = new Float64Array(shapeSize(shape));
    reader(
      new Tensor(
        "f64",
        t.shape,
        Float64Array.from({ length: t.size }, (_, i) => i),
      ),
      shape,
    )(positions, 0, positions.length);
    return (i) => positions[i];
  };
  const [ai, bi] = [indexOf(a), indexOf(b)];
  const out = outputType === "i64" ? new BigInt64Array(shapeSize(shape)) : new BigUint64Array(shapeSize(shape));
  for (let i = 0; i < out.length; i++) out[i] = f(a.data[ai(i)] as bigint, b.data[bi(i)] as bigint);
  return new Tensor(outputType, shape, out);
}

const isBigArray = (data: unknown): data is BigInt64Array | BigUint64Array =>
  data instanceof BigInt64Array || data instanceof BigUint64Array;
const limit = 1n << 31n;
const isBig = (data: unknown): boolean => isBigArray(data) && data.some((n: bigint) => n > limit || n < -limit);
