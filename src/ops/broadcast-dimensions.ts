import { type Dimension, isKnown, maxOf, mergeDimensions, minOf, sameDimension } from "../tensor/dimension.ts";
import { dimension } from "../tensor/dimension.ts";

/** One dimension of a numpy broadcast; undefined where the two exclude each other. */
function broadcastDimension(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === 1) return b;
  if (b === 1) return a;
  if (sameDimension(a, b)) return a;
  // A length that is surely not 1 wins over one that may be.
  if (minOf(a) > 1 && isKnown(a) && maxOf(b) >= 1 && (isKnown(b) ? a === b : a <= b.max)) return a;
  if (minOf(b) > 1 && isKnown(b) && maxOf(a) >= 1 && (isKnown(a) ? a === b : b <= a.max)) return b;
  if (isKnown(a) && isKnown(b)) return undefined;
  if (minOf(a) > 1 && minOf(b) > 1) return mergeDimensions(a, b);
  return dimension(Math.min(minOf(a), minOf(b)), Math.max(maxOf(a), maxOf(b)));
}

/** Numpy broadcasting of partial shapes; undefined dimensions mean an unknown rank, `null` that they do not fit. */
export function broadcastDimensions(
  a: readonly Dimension[] | undefined,
  b: readonly Dimension[] | undefined,
): readonly Dimension[] | undefined | null {
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  const out: Dimension[] = [];
  for (let i = 0; i < rank; i++) {
    const d = broadcastDimension(a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1);
    if (d === undefined) return null;
    out.push(d);
  }
  return out;
}
