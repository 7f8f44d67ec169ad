import { normalizeAxis } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { eachLine } from "./along-axis.ts";

/** Running sums along an axis; `exclusive` leaves the element itself out, `reverse` starts from the end. */
export const CumSum3 = defineOp({
  type: "CumSum",
  since: "opset3",
  inputs: 2,
  attributes: { exclusive: boolean(false), reverse: boolean(false) },
  infer: ({ inputs: [data] }) => [outputSpec(data.elementType, data.partialShape.dimensions)],
  evaluate: ({ node, inputs: [data, axisTensor], attributes }) => {
    const axis =
      normalizeAxis(tensorNumbers(axisTensor)[0], data.shape.length) ??
      node.fail("the axis is out of range", { got: String(axisTensor.data[0]) });
    const numbers = tensorNumbers(data);
    const sums = new Float64Array(numbers.length);
    const length = data.shape[axis];
    eachLine(data.shape, axis, (first, stride) => {
      let sum = 0;
      for (let k = 0; k < length; k++) {
        const at = first + (attributes["reverse"] === true ? length - 1 - k : k) * stride;
        if (attributes["exclusive"] === true) sums[at] = sum;
        sum += numbers[at];
        if (attributes["exclusive"] !== true) sums[at] = sum;
      }
    });
    return [tensorOfNumbers(data.elementType, data.shape, data.elementType === "f64" ? sums : Array.from(sums))];
  },
});
