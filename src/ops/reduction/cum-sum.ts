import { normalizeAxis } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { roundedTensor, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { commonType } from "../define-elementwise.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { eachLine } from "./along-axis.ts";

/** Running sums along an axis (input 1, by default 0); `exclusive` leaves the element itself out, `reverse` starts from the end. */
export const CumSum3 = defineOp({
  type: "CumSum",
  since: "opset3",
  inputs: [1, 2],
  attributes: { exclusive: boolean(false), reverse: boolean(false) },
  infer: (context) => {
    const { rank, dimensions } = context.inputs[0].partialShape;
    const axis = context.value(1)?.[0];
    if (rank !== undefined && typeof axis === "number" && normalizeAxis(axis, rank) === undefined)
      context.fail("the axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) });
    return [outputSpec(commonType(context, "numeric", [0]), dimensions)];
  },
  evaluate: ({ node, inputs: [data, axisTensor], attributes }) => {
    const { shape, elementType } = data;
    const given = axisTensor === undefined ? 0 : tensorNumbers(axisTensor)[0];
    const axis = normalizeAxis(given, shape.length) ?? node.fail("the axis is out of range", { got: String(given) });
    const order = { length: shape[axis], exclusive: attributes.exclusive, reverse: attributes.reverse };
    if (data.data instanceof BigInt64Array || data.data instanceof BigUint64Array) {
      const numbers = data.data;
      const sums = numbers.slice();
      eachLine(shape, axis, (first, stride) => {
        let sum = 0n;
        runAlong(order, first, stride, (at) => {
          if (order.exclusive) sums[at] = sum;
          sum += numbers[at];
          if (!order.exclusive) sums[at] = sum;
        });
      });
      return [new Tensor(elementType, shape, sums)];
    }
    const numbers = tensorNumbers(data);
    const sums = allocateArray(Float64Array, numbers.length);
    eachLine(shape, axis, (first, stride) => {
      let sum = 0;
      runAlong(order, first, stride, (at) => {
        if (order.exclusive) sums[at] = sum;
        sum += numbers[at];
        if (!order.exclusive) sums[at] = sum;
      });
    });
    return [roundedTensor(elementType, shape, sums)];
  },
});

function runAlong(
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
  first: number,
  stride: number,
  visit: (at: number) => void,
): void {
  for (let k = 0; k < length; k++) visit(first + (reverse ? length - 1 - k : k) * stride);
}
