import { type Dimension, formatDimension, parseDimension } from "../tensor/dimension.ts";
import { isElementType } from "../tensor/element-type.ts";
import type { AttributeSchema, AttributeValue } from "./attribute.ts";

const numberOf = (text: string): number | undefined => {
  const t = text.trim().toLowerCase();
  if (t === "inf" || t === "+inf" || t === "infinity") return Number.POSITIVE_INFINITY;
  if (t === "-inf" || t === "-infinity") return Number.NEGATIVE_INFINITY;
  if (t === "nan" || t === "-nan") return Number.NaN;
  const n = Number(t);
  return t === "" || Number.isNaN(n) ? undefined : n;
};

const list = (text: string): string[] => (text.trim() === "" ? [] : text.split(",").map((t) => t.trim()));

function all<T>(items: readonly (T | undefined)[]): T[] | undefined {
  return items.includes(undefined) ? undefined : (items as T[]);
}

const integerOf = (text: string): number | bigint | undefined => {
  const n = numberOf(text);
  if (n === undefined || !Number.isInteger(n)) return undefined;
  return Number.isSafeInteger(n) ? n : BigInt(text.trim());
};

const parsers: Readonly<Record<AttributeSchema["kind"], (text: string) => AttributeValue | undefined>> = {
  int: integerOf,
  float: numberOf,
  boolean: (text) => ({ true: true, "1": true, false: false, "0": false })[text.trim().toLowerCase()],
  string: (text) => text,
  ints: (text) => all(list(text).map((t) => integerOf(t) as number | undefined)),
  floats: (text) => all(list(text).map(numberOf)),
  strings: (text) => list(text),
  elementType: (text) => (text === "undefined" ? "dynamic" : isElementType(text) ? text : undefined),
  shape: (text) => all(list(text.replaceAll(/[[\]]/g, "")).map(parseDimension)),
};

/** An attribute's value from its text in IR; undefined where the text is none. */
export const parseAttribute = (schema: AttributeSchema, text: string): AttributeValue | undefined => parsers[schema.kind](text);

/** An attribute's text in IR, as OpenVINO writes it: `1, 2`, `true`, `?,3,224..448`, `9.9999999999999995e-07`. */
export function formatAttribute(schema: AttributeSchema, value: AttributeValue): string {
  if (schema.kind === "shape") return (value as readonly Dimension[]).map(formatDimension).join(",");
  if (schema.kind === "float") return formatDouble(Number(value));
  return Array.isArray(value) ? value.map(formatItem).join(", ") : formatItem(value);
}

/** Lists of floats are f32 in OpenVINO: the fewest digits that give the same f32. */
function formatItem(value: unknown): string {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  if (!Number.isFinite(value)) return formatDouble(value);
  const single = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === single) return formatDouble(short, digits);
  }
  return formatDouble(value, 9);
}

/** C's `%.17g`, with which OpenVINO writes numbers with a fraction. */
function formatDouble(value: number, digits = 17): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const [mantissa = "", exponent = "0"] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < digits) return trimZeros(value.toFixed(Math.min(100, digits - 1 - power)));
  return `${trimZeros(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

const trimZeros = (decimal: string): string => (decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal);
