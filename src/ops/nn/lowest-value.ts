import { type ElementType, elementTypes } from "../../tensor/element-type.ts";

/** The lowest value of a number type: what a maximum over nothing is. */
export function lowestValue(type: ElementType): number {
  const { bits, kind } = elementTypes[type];
  if (kind === "float") return Number.NEGATIVE_INFINITY;
  return kind === "signed" ? -(2 ** (bits - 1)) : 0;
}
