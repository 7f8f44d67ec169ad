import { VintnerError } from "../common/errors.ts";
import type { MemoryElement } from "../kernel/kernel.ts";
import { type ElementType, elementTypes } from "../tensor/element-type.ts";

/** The types whose elements have an address each. Those of fewer than 8 bits share bytes, and strings have no fixed size. */
export type ViewElement = Exclude<ElementType, "i4" | "u1" | "u2" | "u3" | "u4" | "u6" | "nf4" | "f4e2m1" | "string" | "dynamic">;

/** How kernels see an element type. */
export interface ViewElementInfo {
  /** What kernels call its memory; u32 and f64 are moved only, as words of that size. */
  readonly memory: MemoryElement;
  /** What registers hold of it in arithmetic; undefined where kernels only move it. */
  readonly register?: "f32" | "i32" | "mask";
  /** Registers hold more than memory: numbers are rounded when they are stored. */
  readonly roundsOnStore?: boolean;
}

/**
 * The element types as views, kernels and host tensors know them. Tensors lie in memory at their types' own width: what is only moved
 * is exact, whatever the type. Arithmetic is in 32-bit registers.
 */
export const viewElements: Readonly<Record<ViewElement, ViewElementInfo>> = {
  boolean: { memory: "u8", register: "mask" },
  f32: { memory: "f32", register: "f32" },
  f16: { memory: "f16", register: "f32", roundsOnStore: true },
  bf16: { memory: "bf16", register: "f32", roundsOnStore: true },
  f64: { memory: "i64" },
  i8: { memory: "i8", register: "i32" },
  u8: { memory: "u8", register: "i32" },
  i16: { memory: "i16", register: "i32" },
  u16: { memory: "u16", register: "i32" },
  i32: { memory: "i32", register: "i32" },
  u32: { memory: "i32" },
  i64: { memory: "i64" },
  u64: { memory: "i64" },
  f8e4m3: { memory: "u8" },
  f8e5m2: { memory: "u8" },
  f8e8m0: { memory: "u8" },
};

const isViewElement = (type: ElementType): type is ViewElement => Object.hasOwn(viewElements, type);

/** A type as an element of views. Throws UNSUPPORTED for one whose elements have no address of their own. */
export function viewElementOf(type: ElementType): ViewElement {
  if (!isViewElement(type))
    throw new VintnerError("UNSUPPORTED", { what: "tensors of this type are kept only as constants", got: type, hint: "Insert a Convert" });
  return type;
}

export const hasViewElement = isViewElement;

export const viewElementBytes = (element: ViewElement): number => elementTypes[element].bits / 8;

/** What registers hold of a type in a kernel's arithmetic; undefined where kernels only move it. */
export const registerOf = (type: ElementType): ViewElementInfo["register"] =>
  isViewElement(type) ? viewElements[type].register : undefined;
