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

/** An attribute's text in IR, as OpenVINO writes it: `1, 2`, `true`, `?,3,224..448`. */
export function formatAttribute(schema: AttributeSchema, value: AttributeValue): string {
  if (schema.kind === "shape") return (value as readonly Dimension[]).map(formatDimension).join(",");
  if (Array.isArray(value)) return value.map(formatNumber).join(", ");
  return formatNumber(value as number);
}

const formatNumber = (value: unknown): string => {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  return String(value);
};
