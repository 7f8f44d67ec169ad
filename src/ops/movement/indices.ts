import { VintnerError } from "../../common/errors.ts";
import { normalizeAxis } from "../../common/shape.ts";
import type { Node } from "../../model/node.ts";
import type { InferContext } from "../../model/operation.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { isInteger } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { knownNumbers } from "./moved-values.ts";

/** Throws where input `i` does not hold integers. */
export function checkIntegers(context: InferContext, i: number, name: string): void {
  const type = context.inputs[i]?.elementType;
  if (type !== undefined && type !== "dynamic" && !isInteger(type)) context.fail(`${name} must be integers`, { got: type });
}

/** An axis of an attribute or input, resolved against the rank. Throws where it is out of range. */
export function resolveAxis(context: Pick<InferContext, "fail">, axis: number, rank: number): number {
  const resolved = normalizeAxis(axis, rank);
  if (resolved === undefined) context.fail("the axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) });
  return resolved;
}

/** A scalar axis input: undefined where it, or the rank, is not known. */
export function axisInput(context: InferContext, i: number, rank: number | undefined): number | undefined {
  checkIntegers(context, i, "the axis");
  const values = knownNumbers(context, i);
  if (values === undefined || rank === undefined) return undefined;
  if (values.length !== 1) context.fail("the axis must be one number", { got: `${values.length} numbers` });
  return resolveAxis(context, values[0], rank);
}

/** Integers of a tensor as numbers: lists of parameters. For as many as a tensor may have, `indicesOf`. */
export const integersOf = (tensor: Tensor): number[] => Array.from(tensorNumbers(tensor));

/** Indices as numbers, in memory outside of the heap, which lists of millions of numbers would exhaust. */
export function indicesOf(tensor: Tensor): Float64Array {
  const indices = allocateArray(Float64Array, tensor.size);
  indices.set(tensorNumbers(tensor));
  return indices;
}

/** An index into `length` elements, negative from the end. Throws INVALID_ARGUMENT where it is out of range. */
export function resolveIndex(node: Pick<Node, "where">, index: number, length: number): number {
  const resolved = index < 0 ? index + length : index;
  if (resolved >= 0 && resolved < length) return resolved;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "an index is out of range",
    where: node.where,
    expected: length === 0 ? "none, the dimension is empty" : `${-length} to ${length - 1}`,
    got: String(index),
  });
}
