import { isElementType } from "../tensor/element-type.ts";
import type { AttributeSchema, Attributes, AttributeValue } from "./attribute.ts";
import type { OperationDefinition } from "./operation.ts";

type Fail = (what: string, details: { readonly expected?: string; readonly got?: string; readonly hint?: string }) => never;

const isNumbers = (v: unknown): boolean => Array.isArray(v) && v.every((x) => typeof x === "number");

const matches: Readonly<Record<AttributeSchema["kind"], (value: AttributeValue) => boolean>> = {
  int: (v) => typeof v === "bigint" || Number.isInteger(v),
  float: (v) => typeof v === "number",
  boolean: (v) => typeof v === "boolean",
  string: (v) => typeof v === "string",
  ints: (v) => isNumbers(v) && (v as number[]).every(Number.isInteger),
  floats: isNumbers,
  strings: (v) => Array.isArray(v) && v.every((x) => typeof x === "string"),
  elementType: (v) => typeof v === "string" && isElementType(v),
  shape: (v) => Array.isArray(v),
};

/** JSON, with the integers that it does not know. */
const shown = (value: AttributeValue): string => JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));

/** Fills in defaults and checks every attribute against the operation's schema. */
export function validateAttributes(
  op: OperationDefinition,
  given: Readonly<Record<string, AttributeValue | undefined>>,
  fail: Fail,
): Attributes {
  const checked: Record<string, AttributeValue> = {};
  for (const [name, schema] of Object.entries(op.attributes)) {
    const value = given[name] ?? schema.default;
    if (value === undefined) fail(`attribute "${name}" is missing`, { expected: schema.kind });
    if (value === null) continue;
    if (!matches[schema.kind](value)) fail(`attribute "${name}" has the wrong type`, { expected: schema.kind, got: shown(value) });
    if (schema.oneOf && !schema.oneOf.includes(value as string))
      fail(`attribute "${name}" has an unknown value`, { expected: `one of ${schema.oneOf.join(", ")}`, got: String(value) });
    checked[name] = value;
  }
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !Object.hasOwn(op.attributes, name))
      fail(`unknown attribute "${name}"`, { expected: `one of ${Object.keys(op.attributes).join(", ") || "none"}` });
  return Object.freeze(checked);
}
