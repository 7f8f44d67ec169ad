import { type DimensionSymbol, namedSymbol } from "./symbol.ts";

/**
 * A dimension that is not known: an interval of lengths, and optionally a symbol. Two dimensions with the same symbol
 * are equal at run time, whatever they turn out to be. Symbols are arithmetic over the input dimensions' names, one object
 * for each value, so that `s0/2` computed twice is the same.
 */
export interface DynamicDimension {
  readonly min: number;
  /** `Infinity` where there is no bound. */
  readonly max: number;
  readonly symbol?: DimensionSymbol;
}

/** A length, or what is known of it. Also used for the small integers that shape sub-graphs compute. */
export type Dimension = number | DynamicDimension;

export const anyDimension: DynamicDimension = { min: 0, max: Number.POSITIVE_INFINITY };

export const isKnown = (d: Dimension): d is number => typeof d === "number";
export const minOf = (d: Dimension): number => (isKnown(d) ? d : d.min);
export const maxOf = (d: Dimension): number => (isKnown(d) ? d : d.max);

/** Makes a dimension of bounds; a number where they meet. */
export function dimension(min: number, max: number, symbol?: DimensionSymbol): Dimension {
  if (min === max) return min;
  return symbol === undefined ? { min, max } : { min, max, symbol };
}

/** A dimension that carries a name of its own. */
export const symbolic = (name: string, min = 0, max: number = Number.POSITIVE_INFINITY): Dimension =>
  dimension(min, max, namedSymbol(name));

/** Certainly equal at run time: equal numbers or equal symbols. */
export const sameDimension = (a: Dimension, b: Dimension): boolean =>
  isKnown(a) ? a === b : !isKnown(b) && a.symbol !== undefined && a.symbol === b.symbol;

/** What both dimensions allow, or undefined where they exclude each other. Keeps a symbol where one has it. */
export function mergeDimensions(a: Dimension, b: Dimension): Dimension | undefined {
  const min = Math.max(minOf(a), minOf(b));
  const max = Math.min(maxOf(a), maxOf(b));
  if (min > max) return undefined;
  const symbol = isKnown(a) ? undefined : (a.symbol ?? (isKnown(b) ? undefined : b.symbol));
  return dimension(min, max, symbol);
}

/** What either dimension allows; a symbol only where both have it. */
export function uniteDimensions(a: Dimension, b: Dimension): Dimension {
  if (sameDimension(a, b)) return a;
  return dimension(Math.min(minOf(a), minOf(b)), Math.max(maxOf(a), maxOf(b)));
}

/** OpenVINO's spelling: `3`, `?`, `1..10`, `..10`, `1..`. */
export function formatDimension(d: Dimension): string {
  if (isKnown(d)) return String(d);
  if (d.min === 0 && d.max === Number.POSITIVE_INFINITY) return "?";
  return `${d.min === 0 ? "" : d.min}..${d.max === Number.POSITIVE_INFINITY ? "" : d.max}`;
}

/** Reads OpenVINO's spelling; also `-1` for any. Undefined where the text is none, or a length beyond 2^53. */
export function parseDimension(text: string): Dimension | undefined {
  const t = text.trim();
  if (t === "?" || t === "-1") return anyDimension;
  if (/^\d+$/.test(t)) return Number.isSafeInteger(Number(t)) ? Number(t) : undefined;
  const range = /^(\d*)\.\.(\d*)$/.exec(t);
  if (!range) return undefined;
  const min = range[1] === "" ? 0 : Number(range[1]);
  const max = range[2] === "" ? Number.POSITIVE_INFINITY : Number(range[2]);
  return min > max || !Number.isSafeInteger(min) ? undefined : dimension(min, Number.isSafeInteger(max) ? max : Number.POSITIVE_INFINITY);
}
