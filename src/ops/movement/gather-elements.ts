import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import { type Dimension, mergeDimensions } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, indicesOf, resolveAxis, resolveIndex } from "./indices.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/** One element for each index: its position in the data is that of the index, but along `axis` the index itself. */
export const GatherElements6 = defineOp({
  type: "GatherElements",
  since: "opset6",
  attributes: { axis: int() },
  inputs: 2,
  infer: (context) => {
    const [data, indices] = context.inputs;
    checkIntegers(context, 1, "the indices");
    const [from, picks] = [data.partialShape.dimensions, indices.partialShape.dimensions];
    const rank = from?.length ?? picks?.length;
    if (rank === undefined) return [outputSpec(data.elementType, undefined)];
    if (from !== undefined && picks !== undefined && from.length !== picks.length)
      context.fail("data and indices must have one rank", { got: `${data.partialShape} and ${indices.partialShape}` });
    const axis = resolveAxis(context, context.attributes.axis, rank);
    if (picks === undefined || from === undefined) return [outputSpec(data.elementType, picks)];
    const shape = picks.map((d, i): Dimension => {
      if (i === axis) return d;
      return (
        mergeDimensions(d, from[i]) ??
        context.fail(`data and indices differ on axis ${i}, which is not the one that is indexed`, {
          got: `${data.partialShape} and ${indices.partialShape}`,
        })
      );
    });
    return [outputSpec(data.elementType, shape)];
  },
  evaluate: ({ node, attributes, inputs: [data, indices] }) => {
    const axis = resolveAxis(node, attributes.axis, data.shape.length);
    const inner = shapeSize(data.shape.slice(axis + 1));
    const length = data.shape[axis];
    const picks = indices.shape[axis];
    const from = rawElements(data) as Float32Array;
    const to = allocateRaw(data.elementType, indices.size) as Float32Array;
    const block = rowMajorStrides(indices.shape)[axis] * picks;
    for (const [at, index] of indicesOf(indices).entries()) {
      const outer = Math.floor(at / block);
      to[at] = from[(outer * length + resolveIndex(node, index, length)) * inner + (at % inner)];
    }
    return [tensorOfRaw(data.elementType, indices.shape, to)];
  },
});
