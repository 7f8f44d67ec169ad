import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";

/** What an attribute's value may be, once checked against its schema. */
export type AttributeValue = number | bigint | boolean | string | readonly number[] | readonly string[] | readonly Dimension[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

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
}

type Options<T extends AttributeValue> = { readonly default?: T | null };

export const int = (value?: number | null): AttributeSchema<number> =>
  value === undefined ? { kind: "int" } : { kind: "int", default: value };
export const float = (value?: number | null): AttributeSchema<number> =>
  value === undefined ? { kind: "float" } : { kind: "float", default: value };
export const boolean = (value?: boolean | null): AttributeSchema<boolean> =>
  value === undefined ? { kind: "boolean" } : { kind: "boolean", default: value };
export const string = (options: Options<string> & { readonly oneOf?: readonly string[] } = {}): AttributeSchema<string> => ({
  kind: "string",
  ...options,
});
export const ints = (value?: readonly number[] | null): AttributeSchema<readonly number[]> =>
  value === undefined ? { kind: "ints" } : { kind: "ints", default: value };
export const floats = (value?: readonly number[] | null): AttributeSchema<readonly number[]> =>
  value === undefined ? { kind: "floats" } : { kind: "floats", default: value };
export const strings = (value?: readonly string[] | null): AttributeSchema<readonly string[]> =>
  value === undefined ? { kind: "strings" } : { kind: "strings", default: value };
export const elementType = (value?: ElementType | null): AttributeSchema<ElementType> =>
  value === undefined ? { kind: "elementType" } : { kind: "elementType", default: value };
export const shape = (value?: readonly Dimension[] | null): AttributeSchema<readonly Dimension[]> =>
  value === undefined ? { kind: "shape" } : { kind: "shape", default: value };
