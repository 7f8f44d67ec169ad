import { shapeSize } from "../../common/shape.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import { addDimensions, dimensionProduct, floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { integersOf } from "./indices.ts";
import { sliceTensor } from "./slice.ts";
import { blockInputs } from "./space-to-batch.ts";
import { transposeTensor } from "./transpose.ts";

function inferBatchToSpace(context: InferContext): readonly OutputSpec[] {
  const data = context.inputs[0];
  const dimensions = data.partialShape.dimensions;
  const lists = blockInputs(context, ["crops_begin", "crops_end"]);
  if (dimensions === undefined || lists === undefined)
    return [
      outputSpec(
        data.elementType,
        dimensions?.map(() => anyDimension),
      ),
    ];
  const [block, begins, ends] = lists;
  const cells = shapeSize(block);
  const shape = dimensions.map((d, i): Dimension => {
    if (i === 0) {
      if (isKnown(d) && d % cells !== 0)
        context.fail("the batch does not fill the blocks", { expected: `a multiple of ${cells}`, got: `${d}` });
      return floorDivideDimension(d, dimensionProduct(block) as number);
    }
    const cropped = addDimensions(multiplyDimensions(d, block[i]), -(begins[i] + ends[i]));
    if (maxOf(cropped) < 0) context.fail("the crops are longer than the data", { got: `length ${maxOf(cropped)} on axis ${i}` });
    return isKnown(cropped) || minOf(cropped) >= 0 ? cropped : dimension(0, maxOf(cropped), cropped.symbol);
  });
  return [outputSpec(data.elementType, shape)];
}

/** Moves parts of the batch into blocks of the spatial axes, then crops: inputs are data, block_shape, crops_begin, crops_end. */
export const BatchToSpace2 = defineOp({
  type: "BatchToSpace",
  since: "opset2",
  attributes: {},
  inputs: 4,
  infer: inferBatchToSpace,
  evaluate: ({ inputs: [data, ...lists] }) => {
    const [block, begins, ends] = lists.map(integersOf);
    const [batch, ...rest] = data.shape;
    const k = rest.length;
    const split = data.reshaped([...block.slice(1), batch / shapeSize(block), ...rest]);
    const order = [k, ...rest.flatMap((_, i) => [k + 1 + i, i])];
    const whole = transposeTensor(split, order).reshaped([batch / shapeSize(block), ...rest.map((d, i) => d * block[i + 1])]);
    return [
      sliceTensor(
        whole,
        whole.shape.map((d, i) => ({ start: begins[i], step: 1, length: d - begins[i] - ends[i] })),
      ),
    ];
  },
});
