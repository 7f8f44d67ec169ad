import { normalizeAxis, shapeSize } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { resolveAxis } from "./indices.ts";
import { transposeTensor } from "./transpose.ts";

/** Interleaves groups of channels along an axis (Zhang et al., 2017). */
export const ShuffleChannels = defineOp({
  type: "ShuffleChannels",
  since: "opset1",
  attributes: { axis: int(1), group: int(1) },
  inputs: 1,
  infer: (context) => {
    const [data] = context.inputs;
    const dimensions = data.partialShape.dimensions;
    if (dimensions !== undefined) {
      const length = dimensions[resolveAxis(context, context.attributes["axis"] as number, dimensions.length)];
      const groups = context.attributes["group"] as number;
      if (groups < 1 || (isKnown(length) && length % groups !== 0))
        context.fail("the channels cannot be divided into the groups", { expected: `a divisor of ${String(length)}`, got: String(groups) });
    }
    return [outputSpec(data.elementType, dimensions)];
  },
  evaluate: ({ inputs: [data], attributes }) => {
    const axis = normalizeAxis(attributes["axis"] as number, data.shape.length) as number;
    const groups = attributes["group"] as number;
    const outer = shapeSize(data.shape.slice(0, axis));
    const inner = shapeSize(data.shape.slice(axis + 1));
    return [transposeTensor(data.reshaped([outer, groups, data.shape[axis] / groups, inner]), [0, 2, 1, 3]).reshaped(data.shape)];
  },
});
