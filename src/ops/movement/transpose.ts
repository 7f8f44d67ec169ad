import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";
import { checkIntegers, integersOf } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copyStrided } from "./strided-copy.ts";

/** Axis `i` of the result is axis `order[i]` of the tensor. */
export function transposeTensor(tensor: Tensor, order: readonly number[]): Tensor {
  const strides = rowMajorStrides(tensor.shape);
  const shape = order.map((axis) => tensor.shape[axis]);
  const raw = allocateRaw(tensor.elementType, shapeSize(shape));
  copyStrided(
    shape,
    { data: rawElements(tensor), offset: 0, strides: order.map((axis) => strides[axis]) },
    { data: raw, offset: 0, strides: rowMajorStrides(shape) },
  );
  return tensorOfRaw(tensor.elementType, shape, raw);
}

/** An empty order reverses the axes. */
const orderOrReversed = (order: readonly number[], rank: number): number[] =>
  order.length === 0 ? Array.from({ length: rank }, (_, i) => rank - 1 - i) : [...order];

/** Permutes axes: inputs are the data and the order, a permutation of its axes (empty: reversed). */
export const Transpose = defineOp({
  type: "Transpose",
  since: "opset1",
  attributes: {},
  inputs: 2,
  infer: (context) => {
    const [data, orderInput] = context.inputs;
    checkIntegers(context, 1, "the order");
    const dimensions = data.partialShape.dimensions;
    const orderLength = orderInput.partialShape.dimensions;
    if (orderLength !== undefined && orderLength.length !== 1)
      context.fail("the order must be a vector", { got: `a tensor of shape ${orderInput.partialShape}` });
    const known = knownNumbers(context, 1);
    if (dimensions === undefined) {
      const length = orderLength?.[0];
      const rank = length !== undefined && isKnown(length) && length > 0 ? length : undefined;
      return [outputSpec(data.elementType, unknownDimensions(rank))];
    }
    if (known === undefined)
      return [
        outputSpec(
          data.elementType,
          dimensions.map(() => anyDimension),
        ),
      ];
    const order = orderOrReversed(known, dimensions.length);
    if (order.length !== dimensions.length || !dimensions.every((_, i) => order.includes(i)))
      context.fail("the order is no permutation of the axes", { expected: `the numbers 0 to ${dimensions.length - 1}`, got: `[${known}]` });
    return [
      outputSpec(
        data.elementType,
        order.map((axis) => dimensions[axis]),
        movedValues(context, [0], ([p]) => [transposeTensor(p, order)])?.[0],
      ),
    ];
  },
  evaluate: ({ inputs: [data, order] }) => [transposeTensor(data, orderOrReversed(integersOf(order), data.shape.length))],
});
