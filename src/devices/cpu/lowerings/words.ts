import type { ElementType } from "../../../tensor/element-type.ts";
import { bitsOf, type View } from "../../../lowering/view.ts";

export const isWide = (type: ElementType): boolean => type === "i64" || type === "u64";

/** The lower or the upper words of integers of 64 bits. */
export function wordsOf(view: View, upper: 0 | 1): View {
  const bits = bitsOf(view);
  return { ...bits, offset: bits.offset + upper, shape: bits.shape.slice(0, -1), strides: bits.strides.slice(0, -1) };
}

/** Integers of 32 bits without a sign are the bits of those with one. */
export const asWords = (view: View): View => (view.element === "u32" ? { ...view, element: "i32" } : view);
