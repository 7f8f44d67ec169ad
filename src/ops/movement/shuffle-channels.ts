import { int } from "../../model/attribute.ts";
import type { Node } from "../../model/node.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { resolveAxis } from "./indices.ts";
import { type BlockMovement, reshaped, transposed } from "./block-movement.ts";
import { transposeTensor } from "./transpose.ts";

/** The reshape, the transpose and the reshape that the operation is. */
function movement(
  node: Node,
  { axis: given, group }: { readonly axis: number; readonly group: number },
  shape: readonly number[],
): BlockMovement {
  const axis = resolveAxis(node, given, shape.length);
  const split = [...shape.slice(0, axis), group, shape[axis] / group, ...shape.slice(axis + 1)];
  const order = [...split.keys()];
  order[axis] = axis + 1;
  order[axis + 1] = axis;
  return { split, order, shape };
}

/** Interleaves the channels of groups: channel g * n + i becomes i * group + g. */
export const ShuffleChannels = defineOp({
  type: "ShuffleChannels",
  since: "opset1",
  attributes: { axis: int(1), group: int(1) },
  inputs: 1,
  infer: (context) => {
    const data = context.inputs[0];
    const group = context.attributes.group;
    if (group < 1) context.fail('attribute "group" must be positive', { got: String(group) });
    const dimensions = data.partialShape.dimensions;
    if (dimensions !== undefined) {
      const channels = dimensions[resolveAxis(context, context.attributes.axis, dimensions.length)];
      if (isKnown(channels) && channels % group !== 0)
        context.fail("the channels do not fill the groups", { expected: `a multiple of ${group}`, got: `${channels}` });
    }
    return [outputSpec(data.elementType, dimensions)];
  },
  decompose: (self) => {
    const [data] = self.inputs;
    if (!data.partialShape.isStatic) return undefined;
    const { split, order, shape } = movement(self, self.attributes, data.shape);
    return reshaped(transposed(reshaped(data, split), order), shape).node.outputs;
  },
  evaluate: ({ node, attributes, inputs: [data] }) => {
    const { split, order, shape } = movement(node, attributes, data.shape);
    return [transposeTensor(data.reshaped(split), order).reshaped(shape)];
  },
});
