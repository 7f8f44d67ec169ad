import { shapeSize } from "../../common/shape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Node } from "../../model/node.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { axisInput, checkIntegers, indicesOf, integersOf, resolveAxis, resolveIndex } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { rawElements, tensorOfRaw } from "./raw-elements.ts";

function scatterTensor(data: Tensor, indices: Float64Array, updates: Tensor, axis: number, where: Pick<Node, "where">): Tensor {
  const outer = shapeSize(data.shape.slice(0, axis));
  const inner = shapeSize(data.shape.slice(axis + 1));
  const length = data.shape[axis];
  const raw = rawElements(data).slice() as Float32Array;
  const from = rawElements(updates) as Float32Array;
  const rows = indices.map((i) => resolveIndex(where, i, length));
  for (let o = 0; o < outer; o++)
    for (const [k, row] of rows.entries()) {
      const start = (o * rows.length + k) * inner;
      raw.set(from.subarray(start, start + inner), (o * length + row) * inner);
    }
  return tensorOfRaw(data.elementType, data.shape, raw);
}

/**
 * A copy of the data with slices along an axis replaced: inputs are data, indices, updates of shape
 * data[:axis] + indices + data[axis + 1:], and the axis.
 */
export const ScatterUpdate3 = defineOp({
  type: "ScatterUpdate",
  since: "opset3",
  attributes: {},
  inputs: 4,
  infer: (context) => {
    const [data, indices, updates] = context.inputs;
    checkIntegers(context, 1, "the indices");
    if (updates.elementType !== data.elementType && data.elementType !== "dynamic" && updates.elementType !== "dynamic")
      context.fail("the updates must be of the data's element type", { expected: data.elementType, got: updates.elementType });
    const [to, picks] = [data.partialShape.dimensions, indices.partialShape.dimensions];
    const axis = axisInput(context, 3, to?.length);
    if (to === undefined || picks === undefined || axis === undefined) return [outputSpec(data.elementType, to)];
    const expected = new PartialShape([...to.slice(0, axis), ...picks, ...to.slice(axis + 1)]);
    // A single update may come without the dimensions of length 1 of its indices.
    const one = shapeSize(picks.every(isKnown) ? (picks as readonly number[]) : [0]) === 1;
    if (expected.merge(updates.partialShape) === undefined && !one)
      context.fail("the updates do not have one slice for each index", { expected: `${expected}`, got: `${updates.partialShape}` });
    const known = knownNumbers(context, 1);
    const length = to[axis];
    const inRange = known !== undefined && isKnown(length) && known.every((i) => i >= -length && i < length);
    const values = inRange
      ? movedValues(context, [0, 2], ([d, u]) => [scatterTensor(d, Float64Array.from(known), u, axis, { where: "ScatterUpdate" })])
      : undefined;
    return [outputSpec(data.elementType, to, values?.[0])];
  },
  evaluate: ({ node, inputs: [data, indices, updates, axis] }) => [
    scatterTensor(data, indicesOf(indices), updates, resolveAxis(node, integersOf(axis)[0], data.shape.length), node),
  ],
});
