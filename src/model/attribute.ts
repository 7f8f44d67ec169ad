import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";

/** What an attribute's value may be, once checked against its schema. */
export type AttributeValue = number | bigint | boolean | string | readonly number[] | readonly string[] | readonly Dimension[];
/** The attributes of a node by name; those that may be absent, and are, are undefined. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/**
 * The schema of one attribute. From it follow validation, defaults, reading and writing of IR XML, and docs.
 * `shape` is a partial shape in OpenVINO's spelling; its value is a list of dimensions.
 */
export interface AttributeSchema<T extends AttributeValue = AttributeValue> {
  readonly kind: "int" | "float" | "boolean" | "string" | "ints" | "floats" | "strings" | "elementType" | "shape";
  /** Absent: required. `null`: may be absent. */
  readonly default?: T | null;
  /** For strings: the allowed ones. */
  readonly oneOf?: readonly string[];
  /** The type of its values, for the compiler alone. */
  readonly valueType?: T;
}

/** A schema of an attribute that may be left out. */
export type OptionalAttribute<T extends AttributeValue = AttributeValue> = AttributeSchema<T> & { readonly default: T | null };
/** A schema of an attribute that has no value where it is left out. */
export type AbsentAttribute<T extends AttributeValue = AttributeValue> = AttributeSchema<T> & { readonly default: null };

/** The schemas of an operation's attributes. */
export type AttributeSchemas = Readonly<Record<string, AttributeSchema>>;
/** The values that a schema allows. */
export type ValueOf<S> = S extends { readonly valueType?: infer T } ? Exclude<T, undefined> : AttributeValue;
/** A node's attributes, checked against these schemas. */
export type AttributesOf<S extends AttributeSchemas> = {
  readonly [K in keyof S]: ValueOf<S[K]> | (S[K] extends AbsentAttribute ? undefined : never);
};

/** Makes a schema: required without a value, else with this default; `null` for an attribute that may be absent. */
interface SchemaOf<T extends AttributeValue> {
  (): AttributeSchema<T>;
  (value: null): AbsentAttribute<T>;
  (value: T): OptionalAttribute<T>;
}

const schemaOf = <T extends AttributeValue>(kind: AttributeSchema["kind"]): SchemaOf<T> =>
  ((value?: T | null) => (value === undefined ? { kind } : { kind, default: value })) as SchemaOf<T>;

export const int: SchemaOf<number> = schemaOf("int");
export const float: SchemaOf<number> = schemaOf("float");
export const boolean: SchemaOf<boolean> = schemaOf("boolean");
export const ints: SchemaOf<readonly number[]> = schemaOf("ints");
export const floats: SchemaOf<readonly number[]> = schemaOf("floats");
export const strings: SchemaOf<readonly string[]> = schemaOf("strings");
export const elementType: SchemaOf<ElementType> = schemaOf("elementType");
export const shape: SchemaOf<readonly Dimension[]> = schemaOf("shape");

/** A string, with `oneOf` one of these. Required where no default is given. */
export function string<const T extends string = string>(options: {
  readonly default: null;
  readonly oneOf?: readonly T[];
}): AbsentAttribute<T>;
export function string<const T extends string = string>(options: {
  readonly default: NoInfer<T>;
  readonly oneOf?: readonly T[];
}): OptionalAttribute<T>;
export function string<const T extends string = string>(options?: { readonly oneOf?: readonly T[] }): AttributeSchema<T>;
export function string(options: { readonly default?: string | null; readonly oneOf?: readonly string[] } = {}): AttributeSchema<string> {
  return { kind: "string", ...options };
}
