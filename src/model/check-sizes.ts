import { type Dimension, isKnown, minOf } from "../tensor/dimension.ts";
import { elementTypes } from "../tensor/element-type.ts";
import type { OutputSpec } from "./operation.ts";

/** A length that a tensor can have, as far as it is known. */
const isLength = (d: Dimension): boolean => (isKnown(d) ? Number.isSafeInteger(d) && d >= 0 : !(d.min > Number.MAX_SAFE_INTEGER));

/**
 * What is wrong with an output's size, whatever its open lengths turn out to be: lengths and the number of bytes must be
 * safe integers, which all later computations of addresses rely on.
 */
export function sizeProblem({ elementType, shape: { dimensions } }: OutputSpec): string | undefined {
  if (dimensions === undefined) return undefined;
  if (!dimensions.every(isLength)) return "the shape has a length that no tensor can have";
  const bytes = (dimensions.reduce((n: number, d) => n * minOf(d), 1) * Math.max(8, elementTypes[elementType].bits)) / 8;
  return bytes <= Number.MAX_SAFE_INTEGER ? undefined : "the tensor is larger than can be addressed";
}
