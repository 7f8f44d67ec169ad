import { shapeSize } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import { anyDimension, type Dimension, mergeDimensions } from "../../tensor/dimension.ts";
import { addDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { resolveAxis } from "./indices.ts";
import { movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/** Tensors that differ in the length of `axis` only, one after the other. */
export function concatTensors(tensors: readonly Tensor[], axis: number): Tensor {
  const [{ elementType, shape: first }] = tensors;
  const inner = shapeSize(first.slice(axis + 1));
  const outer = shapeSize(first.slice(0, axis));
  const shape = first.map((d, i) => (i === axis ? tensors.reduce((sum, t) => sum + t.shape[axis], 0) : d));
  const row = shape[axis] * inner;
  const raw = allocateRaw(elementType, outer * row) as Float32Array;
  let start = 0;
  for (const tensor of tensors) {
    const length = tensor.shape[axis] * inner;
    const from = rawElements(tensor) as Float32Array;
    for (let o = 0; o < outer; o++) raw.set(from.subarray(o * length, (o + 1) * length), o * row + start);
    start += length;
  }
  return tensorOfRaw(elementType, shape, raw);
}

/** Joins any number of tensors along an existing axis. */
export const Concat = defineOp({
  type: "Concat",
  since: "opset1",
  attributes: { axis: int() },
  inputs: [1, Number.POSITIVE_INFINITY],
  infer: (context) => {
    const { inputs } = context;
    const rank = inputs.find((i) => i.partialShape.rank !== undefined)?.partialShape.rank;
    let type: ElementType = inputs[0].elementType;
    for (const input of inputs) {
      if (type === "dynamic") type = input.elementType;
      if (input.elementType !== type && input.elementType !== "dynamic")
        context.fail("all parts must be of one element type", { expected: type, got: input.elementType });
    }
    if (rank === undefined) return [outputSpec(type, undefined)];
    const axis = resolveAxis(context, context.attributes.axis, rank);
    const merged = new Array<Dimension>(rank).fill(anyDimension);
    for (const { partialShape } of inputs) {
      if (partialShape.dimensions === undefined) continue;
      if (partialShape.rank !== rank) context.fail("all parts must have one rank", { expected: `${rank}`, got: `${partialShape}` });
      for (const [i, d] of partialShape.dimensions.entries()) {
        if (i === axis) continue;
        const both = mergeDimensions(merged[i], d);
        if (both === undefined)
          return context.fail(`the parts differ on axis ${i}, which is not the one they are joined on (${axis})`, {
            got: inputs.map((o) => o.partialShape).join(" and "),
          });
        merged[i] = both;
      }
    }
    merged[axis] = inputs.map((i) => i.partialShape.dimensions?.[axis] ?? anyDimension).reduce(addDimensions);
    const values = movedValues(
      context,
      inputs.map((_, i) => i),
      (positions) => [concatTensors(positions, axis)],
    );
    return [outputSpec(type, merged, values?.[0])];
  },
  evaluate: ({ inputs, attributes }) => {
    const axis = attributes.axis;
    return [concatTensors(inputs, axis < 0 ? axis + inputs[0].shape.length : axis)];
  },
});
