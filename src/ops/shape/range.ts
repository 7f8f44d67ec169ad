import { elementType } from "../../model/attribute.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import { ceilDivideDimension, subtractDimensions, maxDimensions } from "../../tensor/dimension-arithmetic.ts";
import { type ElementType, isInteger } from "../../tensor/element-type.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** Numbers from start (inclusive) to stop (exclusive) by a step. */
export const Range4 = defineOp({
  type: "Range",
  since: "opset4",
  inputs: 3,
  attributes: { output_type: elementType() },
  infer: (context) => {
    const type = context.attributes["output_type"] as ElementType;
    const constants = [0, 1, 2].map((i) => context.constant(i));
    if (constants.every((c) => c !== undefined)) {
      const [start, stop, step] = constants.map((c) => tensorNumbers(c as NonNullable<typeof c>)[0]);
      if (step === 0) context.fail("the step is 0");
      const count = Math.max(0, Math.ceil((stop - start) / step));
      return [
        outputSpec(type, [count], isInteger(type) && count <= 1024 ? Array.from({ length: count }, (_, i) => start + i * step) : undefined),
      ];
    }
    const [start, stop, step] = [0, 1, 2].map((i) => context.value(i)?.[0]);
    if (start === undefined || stop === undefined || step === undefined || !isKnown(step) || step <= 0)
      return [outputSpec(type, [anyDimension])];
    return [outputSpec(type, [maxDimensions(0, ceilDivideDimension(subtractDimensions(stop, start), step))])];
  },
  evaluate: ({ inputs, attributes }) => {
    const [start, stop, step] = inputs.map((t) => tensorNumbers(t)[0]);
    const count = Math.max(0, Math.ceil((stop - start) / step));
    return [
      tensorOfNumbers(
        attributes["output_type"] as ElementType,
        [count],
        Array.from({ length: count }, (_, i) => start + i * step),
      ),
    ];
  },
});
