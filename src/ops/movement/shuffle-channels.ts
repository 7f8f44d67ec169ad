import { int } from "../../model/attribute.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { resolveAxis } from "./indices.ts";
import { transposeTensor } from "./transpose.ts";

/** Interleaves the channels of groups: channel g * n + i becomes i * group + g. */
export const ShuffleChannels = defineOp({
  type: "ShuffleChannels",
  since: "opset1",
  attributes: { axis: int(1), group: int(1) },
  inputs: 1,
  infer: (context) => {
    const data = context.inputs[0];
    const group = context.attributes["group"] as number;
    if (group < 1) context.fail('attribute "group" must be positive', { got: String(group) });
    const dimensions = data.partialShape.dimensions;
    if (dimensions !== undefined) {
      const channels = dimensions[resolveAxis(context, context.attributes["axis"] as number, dimensions.length)];
      if (isKnown(channels) && channels % group !== 0)
        context.fail("the channels do not fill the groups", { expected: `a multiple of ${group}`, got: `${channels}` });
    }
    return [outputSpec(data.elementType, dimensions)];
  },
  evaluate: ({ node, attributes, inputs: [data] }) => {
    const axis = resolveAxis(node, attributes["axis"] as number, data.shape.length);
    const group = attributes["group"] as number;
    const before = data.shape.slice(0, axis);
    const after = data.shape.slice(axis + 1);
    const split = data.reshaped([...before, group, data.shape[axis] / group, ...after]);
    const order = [...split.shape.keys()];
    order[axis] = axis + 1;
    order[axis + 1] = axis;
    return [transposeTensor(split, order).reshaped(data.shape)];
  },
});
