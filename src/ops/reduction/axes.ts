import { normalizeAxis } from "../../common/shape.ts";
import type { Node } from "../../model/node.ts";
import type { InferContext } from "../../model/operation.ts";
import { type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import { isInteger } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";

const resolve = (axes: readonly number[], rank: number, fail: (axis: number) => never): number[] =>
  [...new Set(axes.map((a) => normalizeAxis(a, rank) ?? fail(a)))].toSorted((a, b) => a - b);

/** The axes of an input, sorted and without repetition; undefined where they, or the data's rank, are not known. */
export function inferAxes(context: InferContext, i: number): number[] | undefined {
  const { elementType } = context.inputs[i];
  if (elementType !== "dynamic" && !isInteger(elementType)) context.fail("the axes must be integers", { got: elementType });
  const rank = context.inputs[0].partialShape.rank;
  const value = context.value(i);
  if (rank === undefined || !value?.every(isKnown)) return undefined;
  return resolve(value as readonly number[], rank, (axis) =>
    context.fail("an axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) }),
  );
}

/** The same of a tensor of axes. */
export function resolveAxes(node: Node, axes: Tensor, rank: number): number[] {
  return resolve(Array.from(tensorNumbers(axes)), rank, (axis) =>
    node.fail("an axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) }),
  );
}

/** Dimensions after a reduction. Of unknown axes each may be reduced. */
export function reducedDimensions(
  dimensions: readonly Dimension[] | undefined,
  axes: readonly number[] | undefined,
  keep: boolean,
): readonly Dimension[] | undefined {
  if (dimensions === undefined) return undefined;
  if (axes === undefined) return keep ? dimensions.map((d) => dimension(Math.min(1, minOf(d)), Math.max(1, maxOf(d)))) : undefined;
  return keep ? dimensions.map((d, i) => (axes.includes(i) ? 1 : d)) : dimensions.filter((_, i) => !axes.includes(i));
}
