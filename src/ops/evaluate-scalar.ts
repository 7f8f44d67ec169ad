import { broadcastShapes, shapeSize } from "../common/shape.ts";
import { VintnerError } from "../common/errors.ts";
import type { BinaryScalarOp, ScalarExpression, UnaryScalarOp } from "../model/scalar-expression.ts";
import { type ElementType, isFloat, isInteger } from "../tensor/element-type.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { allocateNumbers, type NumberArray, tensorNumbers, tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import { broadcastPositions } from "./broadcast-positions.ts";
import { evaluateBigScalar, fitsNumbers } from "./evaluate-big-scalar.ts";
import { erf } from "./special-functions.ts";

const roundEven = (x: number): number => {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

const roundAway = (x: number): number => {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
};

const floorMod = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
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
  roundAway,
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
  toFloat: Math.fround,
  toInt32: (x) => (x >= -(2 ** 31) && x < 2 ** 31 ? Math.trunc(x) : -(2 ** 31)),
  wrapInt8: (x) => (x << 24) >> 24,
  wrapUint8: (x) => x & 0xff,
  wrapInt16: (x) => (x << 16) >> 16,
  wrapUint16: (x) => x & 0xffff,
};

const binary: Readonly<Record<BinaryScalarOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pythonDiv: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pow: (a, b) => a ** b,
  mod: (a, b) => a % b,
  floorMod,
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

/** Integer semantics where they differ from those of floats. Division by zero, which OpenVINO leaves open, gives 0. */
const integerBinary: Readonly<Partial<Record<BinaryScalarOp, (a: number, b: number) => number>>> = {
  div: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  pythonDiv: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  mod: (a, b) => (b === 0 ? 0 : a % b),
  floorMod: (a, b) => (b === 0 ? 0 : floorMod(a, b)),
  pow: (a, b) => (a === 0 && b < 0 ? 0 : Math.trunc(a ** b)),
};

type Column = Float64Array;

/** The most frequent operations without a call for each element. */
const loops: Readonly<Partial<Record<BinaryScalarOp, (out: Column, a: Column, b: Column, count: number) => void>>> = {
  add: (out, a, b, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i] + b[i];
  },
  sub: (out, a, b, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i] - b[i];
  },
  mul: (out, a, b, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i] * b[i];
  },
  min: (out, a, b, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.min(a[i], b[i]);
  },
  max: (out, a, b, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.max(a[i], b[i]);
  },
};

/** Elements computed at once: intermediate values of a chain stay in cache. */
const chunk = 2048;

/**
 * Evaluates an expression over tensors with numpy broadcasting. Floats are computed in float64 and rounded once to the
 * output's type; integers are exact, and wrap around in the output's type. Throws INVALID_ARGUMENT for shapes that do not fit.
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
  const integer = inputs.some((t) => isInteger(t.elementType)) && !inputs.some((t) => isFloat(t.elementType));
  const numbers = inputs.map(tensorNumbers);
  if (integer && !isFloat(outputType) && !fitsNumbers(expression, numbers)) {
    const exact = evaluateBigScalar(expression, inputs, shape, outputType);
    if (exact) return exact;
  }
  const size = shapeSize(shape);
  const most = Math.min(chunk, size);
  const readers = inputs.map((t, i) => reader(t, numbers[i], shape, most));
  const output = allocateNumbers(outputType, size);
  const program = compile(expression, integer, most);
  const columns = inputs.map(() => new Float64Array(most));
  for (let begin = 0; begin < size; begin += most) {
    const count = Math.min(most, size - begin);
    for (const [i, read] of readers.entries()) read(columns[i], begin, count);
    store(output, begin, program(columns, count), count, outputType);
  }
  return tensorOfNumbers(outputType, shape, output);
}

function store(output: NumberArray, begin: number, values: Column, count: number, type: ElementType): void {
  if (type === "boolean") for (let i = 0; i < count; i++) output[begin + i] = values[i] !== 0 ? 1 : 0;
  else for (let i = 0; i < count; i++) output[begin + i] = values[i];
}

/** Fills a column with elements [begin, begin + count) of the broadcast tensor. */
function reader(
  tensor: Tensor,
  data: NumberArray,
  shape: readonly number[],
  most: number,
): (column: Column, begin: number, count: number) => void {
  if (data.length === shapeSize(shape))
    return (column, begin, count) => {
      for (let i = 0; i < count; i++) column[i] = data[begin + i];
    };
  if (data.length === 1) return (column, _, count) => void column.fill(data[0], 0, count);
  const fill = broadcastPositions(tensor.shape, shape);
  const positions = new Float64Array(most);
  return (column, begin, count) => {
    fill(positions, begin, count);
    for (let i = 0; i < count; i++) column[i] = data[positions[i]];
  };
}

/** An expression as a function over columns; each node has a column of its own, shared ones are computed once. */
function compile(expression: ScalarExpression, integer: boolean, most: number): (inputs: readonly Column[], count: number) => Column {
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
    const out = new Float64Array(most);
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
        const loop = loops[e.op];
        steps.push((inputs, count) => {
          const [a, b] = [x(inputs), y(inputs)];
          if (loop) loop(out, a, b, count);
          else for (let i = 0; i < count; i++) out[i] = f(a[i], b[i]);
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
