import type { BinaryScalarOp, ScalarExpression, UnaryScalarOp } from "../model/scalar-expression.ts";
import { type Dimension, dimension, isKnown, maxOf, minOf, sameDimension } from "../tensor/dimension.ts";
import {
  addDimensions,
  floorDivideDimension,
  maxDimensions,
  minDimensions,
  multiplyDimensions,
  subtractDimensions,
} from "../tensor/dimension-arithmetic.ts";

/** True, false, or not known. */
const truth = (surely: boolean, possibly: boolean): Dimension => (surely ? 1 : possibly ? dimension(0, 1) : 0);
const both = (a: Dimension, b: Dimension): boolean => isKnown(a) && isKnown(b);
const overlap = (a: Dimension, b: Dimension): boolean => minOf(a) <= maxOf(b) && minOf(b) <= maxOf(a);
/** The least and the most that `a - b` can be: symbols cancel. */
const difference = (a: Dimension, b: Dimension): readonly [number, number] => {
  const d = subtractDimensions(a, b);
  return [minOf(d), maxOf(d)];
};

const equal = (a: Dimension, b: Dimension): Dimension => {
  const [least, most] = difference(a, b);
  return truth(sameDimension(a, b) || (least === 0 && most === 0), overlap(a, b) && least <= 0 && most >= 0);
};
/** Whether they differ: 1, 0, or not known. */
export const notEqualDimension = (a: Dimension, b: Dimension): Dimension => not(equal(a, b));

const less = (a: Dimension, b: Dimension): Dimension => {
  const [least, most] = difference(a, b);
  return truth(most < 0 || maxOf(a) < minOf(b), least < 0 && minOf(a) < maxOf(b));
};
const not = (x: Dimension): Dimension => (isKnown(x) ? (x === 0 ? 1 : 0) : x);

/** The remainder of a division that rounds down, by a positive number. */
const remainder = (a: Dimension, by: number): Dimension => {
  const rest = subtractDimensions(a, multiplyDimensions(floorDivideDimension(a, by), by));
  return isKnown(rest) ? rest : dimension(0, by - 1, rest.symbol);
};

const binary: Readonly<Record<BinaryScalarOp, (a: Dimension, b: Dimension) => Dimension | undefined>> = {
  add: addDimensions,
  sub: subtractDimensions,
  mul: multiplyDimensions,
  min: minDimensions,
  max: maxDimensions,
  div: (a, b) => {
    if (isKnown(a) && isKnown(b)) return b === 0 ? undefined : Math.trunc(a / b) + 0;
    return isKnown(b) && b > 0 && minOf(a) >= 0 ? floorDivideDimension(a, b) : undefined;
  },
  pythonDiv: (a, b) =>
    isKnown(b) && b > 0 ? floorDivideDimension(a, b) : isKnown(a) && isKnown(b) && b < 0 ? Math.floor(a / b) : undefined,
  mod: (a, b) => {
    if (isKnown(a) && isKnown(b)) return b === 0 ? undefined : (a % b) + 0;
    return isKnown(b) && b > 0 && minOf(a) >= 0 ? remainder(a, b) : undefined;
  },
  floorMod: (a, b) => (isKnown(b) && b > 0 ? remainder(a, b) : undefined),
  pow: (a, b) => {
    if (b === 1) return a;
    if (b === 2) return multiplyDimensions(a, a);
    return isKnown(a) && isKnown(b) && b >= 0 && Number.isSafeInteger(a ** b) ? a ** b : undefined;
  },
  eq: equal,
  ne: notEqualDimension,
  lt: less,
  ge: (a, b) => not(less(a, b)),
  gt: (a, b) => less(b, a),
  le: (a, b) => not(less(b, a)),
  and: (a, b) => (a === 0 || b === 0 ? 0 : both(a, b) ? 1 : dimension(0, 1)),
  or: (a, b) => (minOf(a) >= 1 || minOf(b) >= 1 ? 1 : both(a, b) ? 0 : dimension(0, 1)),
  xor: (a, b) => (both(a, b) ? ((a !== 0) !== (b !== 0) ? 1 : 0) : dimension(0, 1)),
};

const identity = (x: Dimension): Dimension => x;
const unary: Readonly<Partial<Record<UnaryScalarOp, (x: Dimension) => Dimension | undefined>>> = {
  neg: (x) => subtractDimensions(0, x),
  abs: (x) => (minOf(x) >= 0 ? x : maxOf(x) <= 0 ? subtractDimensions(0, x) : undefined),
  sign: (x) => (minOf(x) > 0 ? 1 : maxOf(x) < 0 ? -1 : x === 0 ? 0 : undefined),
  floor: identity,
  ceil: identity,
  round: identity,
  roundAway: identity,
  trunc: identity,
  not,
};

/** The expression over integers (booleans are 0 and 1) as far as dimension arithmetic has it: what shape sub-graphs compute. */
export function propagateScalar(e: ScalarExpression, inputs: readonly Dimension[]): Dimension | undefined {
  switch (e.kind) {
    case "input":
      return inputs[e.index];
    case "constant":
      return Number.isSafeInteger(e.value) ? e.value : undefined;
    case "unary": {
      const x = propagateScalar(e.x, inputs);
      return x === undefined ? undefined : unary[e.op]?.(x);
    }
    case "binary": {
      const [a, b] = [propagateScalar(e.a, inputs), propagateScalar(e.b, inputs)];
      const d = a === undefined || b === undefined ? undefined : binary[e.op](a, b);
      return typeof d === "number" && !Number.isSafeInteger(d) ? undefined : d;
    }
    case "select": {
      const condition = propagateScalar(e.condition, inputs);
      if (condition === undefined) return undefined;
      const [a, b] = [propagateScalar(e.a, inputs), propagateScalar(e.b, inputs)];
      if (isKnown(condition)) return condition === 0 ? b : a;
      if (a === undefined || b === undefined) return undefined;
      return sameDimension(a, b) ? a : dimension(Math.min(minOf(a), minOf(b)), Math.max(maxOf(a), maxOf(b)));
    }
  }
}
