import type { ElementType } from "../../tensor/element-type.ts";

/** NumPy's type strings without the byte order, and the element types that hold them. */
export const elementTypeOfDescriptor: Readonly<Record<string, ElementType>> = {
  b1: "boolean",
  i1: "i8",
  i2: "i16",
  i4: "i32",
  i8: "i64",
  u1: "u8",
  u2: "u16",
  u4: "u32",
  u8: "u64",
  f2: "f16",
  f4: "f32",
  f8: "f64",
};

/** The type string that an element type is written as, little-endian. Undefined where NumPy has none. */
export function descriptorOf(type: ElementType): string | undefined {
  const entry = Object.entries(elementTypeOfDescriptor).find(([, elementType]) => elementType === type);
  return entry && `${entry[0].endsWith("1") ? "|" : "<"}${entry[0]}`;
}
