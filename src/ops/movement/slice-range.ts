import { type Dimension, dimension, isKnown, maxOf, minOf, sameDimension } from "../../tensor/dimension.ts";
import { subtractDimensions } from "../../tensor/dimension-arithmetic.ts";
import { opaqueSymbol } from "../../tensor/symbol.ts";

/** One axis of a slice, resolved: `length` elements from `start`, `step` apart. */
export interface SliceRange {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** Resolves Python's `start:stop:step` against a dimension; `undefined` bounds mean from (to) the end of the axis. */
export function sliceRange(size: number, start: number | undefined, stop: number | undefined, step: number): SliceRange {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (bound: number | undefined, otherwise: number): number =>
    bound === undefined ? otherwise : Math.min(Math.max(bound < 0 ? bound + size : bound, low), high);
  const first = clamp(start, step > 0 ? low : high);
  const end = clamp(stop, step > 0 ? high : low);
  return { start: first, step, length: Math.max(0, Math.ceil((end - first) / step)) };
}

/** How many elements a slice of a dimension has; as much as follows from what is known of it and of the bounds. */
export function sliceLength(size: Dimension, start: Dimension | undefined, stop: Dimension | undefined, step: number): Dimension {
  const numbers = (start === undefined || isKnown(start)) && (stop === undefined || isKnown(stop));
  if (isKnown(size) && numbers) return sliceRange(size, start as number | undefined, stop as number | undefined, step).length;
  if (step === 1) {
    const fromStart = start === undefined || start === 0;
    const toEnd = stop === undefined || (isKnown(stop) && stop >= maxOf(size) && Number.isFinite(maxOf(size))) || stop === sliceToEnd(stop);
    if (fromStart && toEnd) return size;
    if (fromStart && (sameDimension(stop as Dimension, size) || (!isKnown(stop as Dimension) && maxOf(stop as Dimension) <= minOf(size))))
      return stop as Dimension;
    if (toEnd && start !== undefined && isKnown(start) && start >= 0 && start <= minOf(size)) return subtractDimensions(size, start);
    if (fromStart && isKnown(stop as Dimension) && (stop as number) < 0 && -(stop as number) <= minOf(size))
      return subtractDimensions(size, -(stop as number));
  }
  if (numbers && !isKnown(size)) return numericBounds(size, start as number | undefined, stop as number | undefined, step);
  return dimension(0, Number.isFinite(maxOf(size)) ? Math.ceil(maxOf(size) / Math.abs(step)) : Number.POSITIVE_INFINITY);
}

/** Stops so large that they can only mean the end of the axis: exporters write INT_MAX and LLONG_MAX. */
const sliceToEnd = (stop: Dimension): Dimension | undefined => (isKnown(stop) && stop >= 2 ** 31 - 1 ? stop : undefined);

/** Bounds of a slice's length over all sizes of an interval, with a symbol that names the slice of the size's symbol. */
function numericBounds(size: Exclude<Dimension, number>, start: number | undefined, stop: number | undefined, step: number): Dimension {
  const symbol = size.symbol === undefined ? undefined : opaqueSymbol(`slice(${size.symbol},${start ?? ""}:${stop ?? ""}:${step})`);
  const length = (n: number): number => sliceRange(n, start, stop, step).length;
  // The length changes its course only where a bound meets an end of the axis.
  const turns = [start ?? 0, stop ?? 0].flatMap((b) => [Math.abs(b) - 1, Math.abs(b), Math.abs(b) + 1]);
  turns.push(Math.abs(start ?? 0) + Math.abs(stop ?? 0));
  const points = [size.min, ...turns.filter((n) => n > size.min && n < size.max)];
  if (Number.isFinite(size.max)) points.push(size.max);
  const lengths = points.map(length);
  const far = Math.max(...turns, size.min, 0) + Math.abs(step);
  if (!Number.isFinite(size.max)) {
    lengths.push(length(far));
    // Still growing beyond the last turn: no upper bound.
    if (length(far + Math.abs(step)) > length(far)) return dimension(Math.min(...lengths), Number.POSITIVE_INFINITY, symbol);
  }
  return dimension(Math.min(...lengths), Math.max(...lengths), symbol);
}
