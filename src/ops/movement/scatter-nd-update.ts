import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, indicesOf, resolveIndex } from "./indices.ts";
import { rawElements, tensorOfRaw } from "./raw-elements.ts";
import { reduceInto, type ScatterReduction } from "./reduction-modes.ts";

function inferScatterND(context: InferContext): readonly OutputSpec[] {
  const [data, indices, updates] = context.inputs;
  checkIntegers(context, 1, "the indices");
  if (updates.elementType !== data.elementType && data.elementType !== "dynamic" && updates.elementType !== "dynamic")
    context.fail("the updates must be of the data's element type", { expected: data.elementType, got: updates.elementType });
  const [to, tuples] = [data.partialShape.dimensions, indices.partialShape.dimensions];
  const depth = tuples?.at(-1);
  if (to !== undefined && tuples !== undefined && depth !== undefined && isKnown(depth)) {
    if (depth > to.length)
      context.fail("the last dimension of the indices is longer than the data's rank", {
        expected: `at most ${to.length}`,
        got: `${depth}`,
      });
    const expected = new PartialShape([...tuples.slice(0, -1), ...to.slice(depth)]);
    if (expected.merge(updates.partialShape) === undefined)
      context.fail("the updates do not have one slice for each tuple of indices", {
        expected: `${expected}`,
        got: `${updates.partialShape}`,
      });
  }
  return [outputSpec(data.elementType, to)];
}

/** Opset3 replaces. */
type ScatterAttributes = { readonly reduction?: ScatterReduction };

function evaluateScatterND({ node, inputs: [data, indices, updates], attributes }: EvaluateContext<ScatterAttributes>): readonly Tensor[] {
  const depth = indices.shape[indices.shape.length - 1];
  const strides = rowMajorStrides(data.shape);
  const slice = shapeSize(data.shape.slice(depth));
  const list = indicesOf(indices);
  const starts = allocateArray(Float64Array, shapeSize(indices.shape.slice(0, -1)));
  for (let t = 0; t < starts.length; t++)
    for (let k = 0; k < depth; k++) starts[t] += resolveIndex(node, list[t * depth + k], data.shape[k]) * strides[k];
  const reduction = attributes.reduction ?? "none";
  if (reduction !== "none") {
    const targets = allocateArray(Float64Array, starts.length * slice);
    for (let i = 0; i < targets.length; i++) targets[i] = starts[Math.floor(i / slice)] + (i % slice);
    return [reduceInto(data, updates, targets, reduction, true)];
  }
  const raw = rawElements(data).slice() as Float32Array;
  const from = rawElements(updates) as Float32Array;
  for (const [t, start] of starts.entries()) raw.set(from.subarray(t * slice, (t + 1) * slice), start);
  return [tensorOfRaw(data.elementType, data.shape, raw)];
}

/** A copy of the data with slices replaced: inputs are data, tuples of indices (in the last dimension) and updates. */
export const ScatterNDUpdate3 = defineOp({
  type: "ScatterNDUpdate",
  since: "opset3",
  attributes: {},
  inputs: 3,
  infer: inferScatterND,
  evaluate: evaluateScatterND,
});

/** ScatterNDUpdate that combines updates with the elements that are there. */
export const ScatterNDUpdate15 = defineOp({
  type: "ScatterNDUpdate",
  since: "opset15",
  attributes: { reduction: string({ default: "none", oneOf: ["none", "sum", "sub", "prod", "min", "max"] }) },
  inputs: 3,
  infer: inferScatterND,
  evaluate: evaluateScatterND,
});
