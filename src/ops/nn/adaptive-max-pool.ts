import { shapeSize } from "../../common/shape.ts";
import { elementType } from "../../model/attribute.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { adaptiveShape, forEachAdaptiveWindow } from "./adaptive-pool.ts";

/**
 * Maximum of windows that divide the data into given numbers: inputs are data and the output's spatial lengths. The second
 * output gives the maxima's positions in their plane.
 */
export const AdaptiveMaxPool8 = defineOp({
  type: "AdaptiveMaxPool",
  since: "opset8",
  attributes: { index_element_type: elementType("i64") },
  inputs: 2,
  infer: (context) => {
    const shape = adaptiveShape(context);
    const type = context.attributes.index_element_type;
    if (type !== "i32" && type !== "i64") context.fail("index_element_type must be i32 or i64", { got: type });
    return [outputSpec(context.inputs[0].elementType, shape), outputSpec(type, shape)];
  },
  evaluate: ({ attributes, inputs: [data, lengths] }) => {
    const spatial = integersOf(lengths);
    const shape = [...data.shape.slice(0, 2), ...spatial];
    const from = tensorNumbers(data);
    const to = allocateNumbers(data.elementType, shapeSize(shape));
    const indices = allocateArray(Float64Array, to.length);
    const planeSize = shapeSize(data.shape.slice(2));
    forEachAdaptiveWindow(data.shape, spatial, (positions, plane, at) => {
      let best = positions[0];
      for (const p of positions) if (from[plane * planeSize + p] > from[plane * planeSize + best]) best = p;
      to[at] = from[plane * planeSize + best];
      indices[at] = best;
    });
    const type = attributes.index_element_type;
    return [tensorOfNumbers(data.elementType, shape, to), tensorOfNumbers(type, shape, indices)];
  },
});
