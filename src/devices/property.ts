import { VintnerError } from "../common/errors.ts";

export type PropertyValue = string | number | boolean | readonly string[];

/** Properties by their OpenVINO names: `INFERENCE_NUM_THREADS`. */
export type Config = Readonly<Record<string, PropertyValue>>;

/** One property of a device. */
export interface Property {
  /** One sentence, for help and documents. */
  readonly description: string;
  /** The value where none is set; a function where the machine decides. */
  readonly default: PropertyValue | (() => PropertyValue);
  /** The checked value of what a user gave, undefined where it is none. Absent: read-only. */
  readonly parse?: (value: PropertyValue) => PropertyValue | undefined;
  /** What `parse` accepts, for errors. */
  readonly expected?: string;
}

export type Properties = Readonly<Record<string, Property>>;

/** A property with one of a few values; upper and lower case are one. */
export function choice(description: string, values: readonly string[], fallback: string): Property {
  const parse = (value: PropertyValue): string | undefined => values.find((v) => v.toLowerCase() === String(value).toLowerCase());
  return { description, default: fallback, parse, expected: `one of ${values.join(", ")}` };
}

/** A whole number from `least` on, up to `most` if there is one, or its text; and, where there are such, words that stand for one. */
export function count(
  description: string,
  least: number,
  fallback: Property["default"],
  { most = Number.MAX_SAFE_INTEGER, words = [] }: { readonly most?: number; readonly words?: readonly string[] } = {},
): Property {
  const parse = (value: PropertyValue): number | string | undefined => {
    const word = words.find((w) => w.toLowerCase() === String(value).toLowerCase());
    if (word !== undefined) return word;
    const number = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
  return {
    description,
    default: fallback,
    parse,
    expected: [`a whole number from ${least} ${most === Number.MAX_SAFE_INTEGER ? "on" : `to ${most}`}`, ...words].join(" or "),
  };
}

/** True or false; OpenVINO's YES and NO, and their text. */
export function flag(description: string, fallback: boolean): Property {
  const words: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };
  return { description, default: fallback, parse: (value) => words[String(value).toLowerCase()], expected: "true or false" };
}

/** A property that only tells something. */
export const readOnly = (description: string, value: Property["default"]): Property => ({ description, default: value });

/** The value of a property that a device has. */
export const defaultOf = (property: Property): PropertyValue =>
  typeof property.default === "function" ? property.default() : property.default;

/** Throws INVALID_ARGUMENT for what is no object of properties. */
export function checkConfig(given: unknown): asserts given is Config {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "properties are given in an object by name",
    got: given === null || typeof given !== "object" ? String(given) : "a list",
  });
}

/** Checks a user's config and fills in the defaults of all settable properties. Throws INVALID_ARGUMENT naming the property. */
export function resolveConfig(device: string, properties: Properties, given: Config): Config {
  checkConfig(given);
  const settable = Object.entries(properties).filter(([, property]) => property.parse);
  const resolved: Record<string, PropertyValue> = Object.fromEntries(settable.map(([name, property]) => [name, defaultOf(property)]));
  for (const [name, value] of Object.entries(given)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!property?.parse)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: property ? `property ${name} cannot be set` : `unknown property ${JSON.stringify(name)}`,
        where: `device ${device}`,
        expected: settable.map(([n]) => n).join(", ") || "no properties",
      });
    const parsed = property.parse(value);
    if (parsed === undefined)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `property ${name} has no such value`,
        where: `device ${device}`,
        ...(property.expected === undefined ? {} : { expected: property.expected }),
        got: JSON.stringify(value),
      });
    resolved[name] = parsed;
  }
  return resolved;
}
