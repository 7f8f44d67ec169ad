import { type Dimension, dimension, isKnown, maxOf, minOf } from "./dimension.ts";
import {
  addPolynomials,
  constantOf,
  constantPolynomial,
  dividePolynomials,
  extremePolynomial,
  multiplyPolynomials,
  type Polynomial,
  subtractPolynomials,
} from "./polynomial.ts";
import { symbolOf } from "./symbol.ts";

/*
 * Arithmetic on dimensions: exact on numbers, intervals on the rest, and symbols, so that equal computations on equal inputs give
 * equal symbols.
 */

const polynomialOf = (d: Dimension): Polynomial | undefined => (isKnown(d) ? constantPolynomial(d) : d.symbol?.polynomial);

/** A dimension within bounds that is the symbolic result of two others, a number where that is one. */
function combined(min: number, max: number, a: Dimension, b: Dimension, combine: (p: Polynomial, q: Polynomial) => Polynomial): Dimension {
  const [p, q] = [polynomialOf(a), polynomialOf(b)];
  if (p === undefined || q === undefined) return dimension(min, max);
  const result = combine(p, q);
  return constantOf(result) ?? dimension(min, max, symbolOf(result));
}

export function addDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(a) && isKnown(b)) return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return combined(minOf(a) + minOf(b), maxOf(a) + maxOf(b), a, b, addPolynomials);
}

export function subtractDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(a) && isKnown(b)) return a - b;
  if (b === 0) return a;
  return combined(minOf(a) - maxOf(b), maxOf(a) - minOf(b), a, b, subtractPolynomials);
}

const product = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);

export function multiplyDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(a) && isKnown(b)) return a * b;
  if (a === 1) return b;
  if (b === 1) return a;
  if (a === 0 || b === 0) return 0;
  const corners = [product(minOf(a), minOf(b)), product(minOf(a), maxOf(b)), product(maxOf(a), minOf(b)), product(maxOf(a), maxOf(b))];
  return combined(Math.min(...corners), Math.max(...corners), a, b, multiplyPolynomials);
}

/** floor(a / by), by a positive number. */
export function floorDivideDimension(a: Dimension, by: number): Dimension {
  if (isKnown(a)) return Math.floor(a / by);
  return by === 1 ? a : combined(Math.floor(a.min / by), Math.floor(a.max / by), a, by, dividePolynomials);
}

/** ceil(a / by), by a positive number. */
export const ceilDivideDimension = (a: Dimension, by: number): Dimension =>
  isKnown(a) ? Math.ceil(a / by) + 0 : floorDivideDimension(addDimensions(a, by - 1), by);

/** a / b of lengths of which b is known to divide a and not to be 0: what remains for a -1 in a target shape. */
export function divideDimensions(a: Dimension, b: Dimension): Dimension {
  if (isKnown(b)) return floorDivideDimension(a, b);
  const [least, most] = [Math.max(1, b.min), Math.max(1, b.max)];
  return combined(Math.floor(minOf(a) / most) || 0, Math.floor(maxOf(a) / least), a, b, dividePolynomials);
}

export function maxDimensions(a: Dimension, b: Dimension): Dimension {
  if (minOf(a) >= maxOf(b)) return a;
  if (minOf(b) >= maxOf(a)) return b;
  return combined(Math.max(minOf(a), minOf(b)), Math.max(maxOf(a), maxOf(b)), a, b, (p, q) => extremePolynomial("max", p, q));
}

export function minDimensions(a: Dimension, b: Dimension): Dimension {
  if (maxOf(a) <= minOf(b)) return a;
  if (maxOf(b) <= minOf(a)) return b;
  return combined(Math.min(minOf(a), minOf(b)), Math.min(maxOf(a), maxOf(b)), a, b, (p, q) => extremePolynomial("min", p, q));
}

/** The product of dimensions: the number of elements. */
export const dimensionProduct = (dimensions: readonly Dimension[]): Dimension => dimensions.reduce(multiplyDimensions, 1 as Dimension);
