import { shapeSize } from "../../common/shape.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { adaptiveShape, forEachAdaptiveWindow } from "./adaptive-pool.ts";
import { roundHalfToEven } from "./rounding.ts";

/** Mean of windows that divide the data into given numbers: inputs are data and the output's spatial lengths. */
export const AdaptiveAvgPool8 = defineOp({
  type: "AdaptiveAvgPool",
  since: "opset8",
  attributes: {},
  inputs: 2,
  infer: (context) => [outputSpec(context.inputs[0].elementType, adaptiveShape(context))],
  evaluate: ({ inputs: [data, lengths] }) => {
    const spatial = integersOf(lengths);
    const shape = [...data.shape.slice(0, 2), ...spatial];
    const from = tensorNumbers(data);
    const to = allocateNumbers(data.elementType, shapeSize(shape));
    const planeSize = shapeSize(data.shape.slice(2));
    const round = isFloat(data.elementType) ? (x: number): number => x : roundHalfToEven;
    forEachAdaptiveWindow(data.shape, spatial, (positions, plane, at) => {
      let sum = 0;
      for (const p of positions) sum += from[plane * planeSize + p];
      to[at] = round(sum / positions.length);
    });
    return [tensorOfNumbers(data.elementType, shape, to)];
  },
});
