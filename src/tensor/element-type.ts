/** Element types under OpenVINO's names, as they stand in the IR's `element_type` attributes. */
export type ElementType =
  | "boolean"
  | "bf16"
  | "f16"
  | "f32"
  | "f64"
  | "i4"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "u1"
  | "u2"
  | "u3"
  | "u4"
  | "u6"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "nf4"
  | "f8e4m3"
  | "f8e5m2"
  | "f8e8m0"
  | "f4e2m1"
  | "string"
  | "dynamic";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export type TypedArrayConstructor = {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
};

export interface ElementTypeInfo {
  /** Bits of one element; 0 where it has no fixed size. */
  readonly bits: number;
  readonly kind: "float" | "signed" | "unsigned" | "boolean" | "other";
  /** The JavaScript array that holds it. f16 and bf16 are raw bits in a Uint16Array; types under 8 bits are packed bytes. */
  readonly array: TypedArrayConstructor;
  /** `precision` of IR ports. */
  readonly precision: string;
}

const row = (bits: number, kind: ElementTypeInfo["kind"], array: TypedArrayConstructor, precision: string): ElementTypeInfo => ({
  bits,
  kind,
  array,
  precision,
});

/** One row a type: the only place that knows its size, array and IR precision. */
export const elementTypes: Readonly<Record<ElementType, ElementTypeInfo>> = {
  boolean: row(8, "boolean", Uint8Array, "BOOL"),
  bf16: row(16, "float", Uint16Array, "BF16"),
  f16: row(16, "float", Uint16Array, "FP16"),
  f32: row(32, "float", Float32Array, "FP32"),
  f64: row(64, "float", Float64Array, "FP64"),
  i4: row(4, "signed", Uint8Array, "I4"),
  i8: row(8, "signed", Int8Array, "I8"),
  i16: row(16, "signed", Int16Array, "I16"),
  i32: row(32, "signed", Int32Array, "I32"),
  i64: row(64, "signed", BigInt64Array, "I64"),
  u1: row(1, "unsigned", Uint8Array, "BIN"),
  u2: row(2, "unsigned", Uint8Array, "U2"),
  u3: row(3, "unsigned", Uint8Array, "U3"),
  u4: row(4, "unsigned", Uint8Array, "U4"),
  u6: row(6, "unsigned", Uint8Array, "U6"),
  u8: row(8, "unsigned", Uint8Array, "U8"),
  u16: row(16, "unsigned", Uint16Array, "U16"),
  u32: row(32, "unsigned", Uint32Array, "U32"),
  u64: row(64, "unsigned", BigUint64Array, "U64"),
  nf4: row(4, "other", Uint8Array, "NF4"),
  f8e4m3: row(8, "other", Uint8Array, "F8E4M3"),
  f8e5m2: row(8, "other", Uint8Array, "F8E5M2"),
  f8e8m0: row(8, "other", Uint8Array, "F8E8M0"),
  f4e2m1: row(4, "other", Uint8Array, "F4E2M1"),
  string: row(0, "other", Uint8Array, "STRING"),
  dynamic: row(0, "other", Uint8Array, "UNSPECIFIED"),
};

export const isElementType = (text: string): text is ElementType => Object.hasOwn(elementTypes, text);

/** Bytes of `count` elements; types under 8 bits are packed and rounded up. */
export const byteLengthOf = (type: ElementType, count: number): number => Math.ceil((elementTypes[type].bits * count) / 8);

export const isFloat = (type: ElementType): boolean => elementTypes[type].kind === "float";
export const isInteger = (type: ElementType): boolean => elementTypes[type].kind === "signed" || elementTypes[type].kind === "unsigned";
