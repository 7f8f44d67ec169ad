import { shapeSize } from "../../common/shape.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import { addDimensions, dimensionProduct, floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { padWithZeros } from "./pad-with-zeros.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, integersOf } from "./indices.ts";
import { knownNumbers } from "./moved-values.ts";
import { transposeTensor } from "./transpose.ts";

/** Block shape and the two lists beside it, each one number a dimension; undefined where one is not known. */
export function blockInputs(context: InferContext, names: readonly [string, string]): readonly (readonly number[])[] | undefined {
  const rank = context.inputs[0].partialShape.rank;
  const lists = ["block_shape", ...names].map((name, i) => {
    checkIntegers(context, i + 1, name);
    const list = knownNumbers(context, i + 1);
    if (list !== undefined && rank !== undefined && list.length !== rank)
      context.fail(`${name} needs one number for each dimension`, { expected: `${rank}`, got: `${list.length}` });
    return list;
  });
  if (lists[0]?.some((b) => b < 1)) context.fail("block_shape must be positive", { got: `[${lists[0]}]` });
  return lists.every((list) => list !== undefined) ? (lists as readonly (readonly number[])[]) : undefined;
}

function inferSpaceToBatch(context: InferContext): readonly OutputSpec[] {
  const data = context.inputs[0];
  const dimensions = data.partialShape.dimensions;
  const lists = blockInputs(context, ["pads_begin", "pads_end"]);
  if (dimensions === undefined || lists === undefined)
    return [
      outputSpec(
        data.elementType,
        dimensions?.map(() => anyDimension),
      ),
    ];
  const [block, begins, ends] = lists;
  const shape = dimensions.map((d, i): Dimension => {
    if (i === 0) return multiplyDimensions(d, dimensionProduct(block));
    const padded = addDimensions(d, begins[i] + ends[i]);
    if (isKnown(padded) && padded % block[i] !== 0)
      context.fail("a padded dimension is not filled by blocks", { expected: `a multiple of ${block[i]} on axis ${i}`, got: `${padded}` });
    return floorDivideDimension(padded, block[i]);
  });
  return [outputSpec(data.elementType, shape)];
}

/** Moves blocks of the spatial axes into the batch, after padding with zeros: inputs are data, block_shape, pads_begin, pads_end. */
export const SpaceToBatch2 = defineOp({
  type: "SpaceToBatch",
  since: "opset2",
  attributes: {},
  inputs: 4,
  infer: inferSpaceToBatch,
  evaluate: ({ inputs: [data, ...lists] }) => {
    const [block, begins, ends] = lists.map(integersOf);
    const padded = padWithZeros(data, begins, ends);
    const [batch, ...rest] = padded.shape;
    const split = padded.reshaped([batch, ...rest.flatMap((d, i) => [d / block[i + 1], block[i + 1]])]);
    const order = [...rest.map((_, i) => 2 * i + 2), 0, ...rest.map((_, i) => 2 * i + 1)];
    return [transposeTensor(split, order).reshaped([batch * shapeSize(block), ...rest.map((d, i) => d / block[i + 1])])];
  },
});
