import { boolean, float, floats } from "../../model/attribute.ts";
import { anyDimension } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { checkIntegers, integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { priorTensor } from "./prior-tensor.ts";

/** Default boxes of given widths and heights for each cell: inputs are the sizes (height, width) of map and image. */
export const PriorBoxClustered = defineOp({
  type: "PriorBoxClustered",
  since: "opset1",
  attributes: {
    step: float(0),
    step_w: float(0),
    step_h: float(0),
    width: floats([1]),
    height: floats([1]),
    clip: boolean(false),
    offset: float(),
    variance: floats([]),
  },
  inputs: 2,
  infer: (context) => {
    checkIntegers(context, 0, "the size of the feature map");
    checkIntegers(context, 1, "the size of the image");
    const { width: widths, height: heights } = context.attributes;
    if (widths.length !== heights.length)
      context.fail("there must be as many heights as widths", { expected: `${widths.length}`, got: `${heights.length}` });
    const [rows = anyDimension, columns = anyDimension] = context.value(0) ?? [];
    return [outputSpec("f32", [2, multiplyDimensions(multiplyDimensions(rows, columns), 4 * widths.length)])];
  },
  evaluate: ({ attributes, inputs }) => {
    const [[rows, columns], [imageHeight, imageWidth]] = inputs.map(integersOf);
    const widths = attributes.width;
    const heights = attributes.height;
    const [y, x] = [attributes.step_h || attributes.step, attributes.step_w || attributes.step];
    const numbers = priorTensor({
      map: [rows, columns],
      image: [imageHeight, imageWidth],
      step: y === 0 && x === 0 ? [imageHeight / rows, imageWidth / columns] : [y, x],
      offset: attributes.offset,
      shapes: widths.map((width, i) => ({ dx: 0, dy: 0, width, height: heights[i], clip: false })),
      clip: attributes.clip,
      variance: attributes.variance,
    });
    return [tensorOfNumbers("f32", [2, rows * columns * widths.length * 4], numbers)];
  },
});
