import { type Dimension, dimension, isKnown, maxOf, minOf } from "./dimension.ts";

/**
 * Arithmetic on dimensions: exact on numbers, intervals on the rest, and symbols kept as canonical text, so that equal
 * computations on equal inputs give equal symbols.
 */
const symbolOf = (d: Dimension): string | undefined => (isKnown(d) ? String(d) : d.symbol);

/** `(a op b)`, operands sorted where the order does not matter. Undefined where an operand has no symbol. */
function combined(op: string, a: Dimension, b: Dimension, commutative: boolean): string | undefined {
  const [x, y] = [symbolOf(a), symbolOf(b)];
  if (x === undefined || y === undefined) return undefined;
  const [left, right] = commutative && y < x ? [y, x] : [x, y];
  const text = `(${left}${op}${right})`;
  return text.length > 200 ? undefined : text;
}

const product = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);

/** A symbol as a base and a number added to it: `(s+3)` is s and 3. */
function offsetOf(d: Dimension): { readonly base: Dimension; readonly offset: number } {
  if (isKnown(d)) return { base: 0, offset: d };
  const match = d.symbol === undefined ? null : /^\((-?\d+)\+(.+)\)$/.exec(d.symbol);
  if (!match) return { base: d, offset: 0 };
  const offset = Number(match[1]);
  return { base: dimension(d.min - offset, d.max - offset, match[2]), offset };
}

export function addDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(a) && isKnown(b)) return a + b;
  const [x, y] = [offsetOf(a), offsetOf(b)];
  const offset = x.offset + y.offset;
  const base = isKnown(x.base)
    ? y.base
    : isKnown(y.base)
      ? x.base
      : dimension(minOf(x.base) + minOf(y.base), maxOf(x.base) + maxOf(y.base), combined("+", x.base, y.base, true));
  if (offset === 0 || isKnown(base)) return isKnown(base) ? base + offset : base;
  return dimension(base.min + offset, base.max + offset, base.symbol === undefined ? undefined : `(${offset}+${base.symbol})`);
}

export function subtractDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(b)) return addDimensions(a, -b);
  const [x, y] = [symbolOf(a), symbolOf(b)];
  if (x !== undefined && x === y) return 0;
  return dimension(minOf(a) - maxOf(b), maxOf(a) - minOf(b), combined("-", a, b, false));
}

export function multiplyDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(a) && isKnown(b)) return a * b;
  if (a === 1) return b;
  if (b === 1) return a;
  if (a === 0 || b === 0) return 0;
  const corners = [product(minOf(a), minOf(b)), product(minOf(a), maxOf(b)), product(maxOf(a), minOf(b)), product(maxOf(a), maxOf(b))];
  return dimension(Math.min(...corners), Math.max(...corners), combined("*", a, b, true));
}

function divided(a: Dimension, by: number, round: (x: number) => number, op: string): Dimension {
  if (isKnown(a)) return round(a / by);
  if (by === 1) return a;
  // What was multiplied by the divisor divides exactly.
  const factor = a.symbol === undefined ? null : /^\((\d+)\*([^()]+)\)$/.exec(a.symbol);
  if (factor && Number(factor[1]) === by) return dimension(round(a.min / by), round(a.max / by), factor[2]);
  const bounds = [round(a.min / by), round(a.max / by)];
  return dimension(Math.min(...bounds), Math.max(...bounds), combined(op, a, by, false));
}

/** floor(a / by), by a positive number. */
export const floorDivideDimension = (a: Dimension, by: number): Dimension => divided(a, by, Math.floor, "/");

/** ceil(a / by), by a positive number. */
export const ceilDivideDimension = (a: Dimension, by: number): Dimension => divided(a, by, Math.ceil, "^/");

export function maxDimensions(a: Dimension, b: Dimension): Dimension {
  if (minOf(a) >= maxOf(b)) return a;
  if (minOf(b) >= maxOf(a)) return b;
  return dimension(Math.max(minOf(a), minOf(b)), Math.max(maxOf(a), maxOf(b)), combined("max", a, b, true));
}

export function minDimensions(a: Dimension, b: Dimension): Dimension {
  if (maxOf(a) <= minOf(b)) return a;
  if (maxOf(b) <= minOf(a)) return b;
  return dimension(Math.min(minOf(a), minOf(b)), Math.min(maxOf(a), maxOf(b)), combined("min", a, b, true));
}

/** The product of dimensions: the number of elements. */
export const dimensionProduct = (dimensions: readonly Dimension[]): Dimension => dimensions.reduce(multiplyDimensions, 1 as Dimension);
