import { rowMajorStrides } from "../../common/shape.ts";
import { elementType } from "../../model/attribute.ts";
import { dimension, isKnown } from "../../tensor/dimension.ts";
import { dimensionProduct } from "../../tensor/dimension-arithmetic.ts";
import { maxOf } from "../../tensor/dimension.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** The coordinates of all elements that are not 0: [rank, count], in row-major order of the elements. */
export const NonZero3 = defineOp({
  type: "NonZero",
  since: "opset3",
  attributes: { output_type: elementType("i64") },
  inputs: 1,
  infer: (context) => {
    const type = context.attributes.output_type;
    if (type !== "i64" && type !== "i32") context.fail("output_type must be i64 or i32", { got: type });
    const dimensions = context.inputs[0].partialShape.dimensions;
    const most = dimensions === undefined ? Number.POSITIVE_INFINITY : maxOf(dimensionProduct(dimensions));
    const rank = dimensions?.length;
    return [
      outputSpec(type, [rank ?? dimension(0, Number.POSITIVE_INFINITY), dimension(0, isKnown(most) ? most : Number.POSITIVE_INFINITY)]),
    ];
  },
  evaluate: ({ attributes, inputs: [data] }) => {
    const numbers = tensorNumbers(data);
    let count = 0;
    for (let i = 0; i < numbers.length; i++) if (numbers[i] !== 0) count++;
    const found = allocateArray(Int32Array, data.shape.length * count) as Int32Array;
    const strides = rowMajorStrides(data.shape);
    // Axis by axis: the coordinate is kept, and counts on where the elements of one step along the axis end.
    for (const [axis, length] of data.shape.entries()) {
      let at = axis * count;
      let coordinate = 0;
      for (let begin = 0; begin < numbers.length; begin += strides[axis]) {
        for (let i = begin; i < begin + strides[axis]; i++) if (numbers[i] !== 0) found[at++] = coordinate;
        coordinate = coordinate + 1 < length ? coordinate + 1 : 0;
      }
    }
    return [tensorOfNumbers(attributes.output_type, [data.shape.length, count], found)];
  },
});
