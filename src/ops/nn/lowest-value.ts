import { type ElementType, elementTypes } from "../../tensor/element-type.ts";

const lowestFloats: Readonly<Partial<Record<ElementType, number>>> = {
  f16: -65504,
  bf16: -(2 - 2 ** -7) * 2 ** 127,
  f32: -(2 - 2 ** -23) * 2 ** 127,
};

/** The lowest finite value of a number type: what a maximum over nothing is. */
export function lowestValue(type: ElementType): number {
  const { bits, kind } = elementTypes[type];
  if (kind === "float") return lowestFloats[type] ?? -Number.MAX_VALUE;
  return kind === "signed" ? -(2 ** (bits - 1)) : 0;
}
