import { rowMajorStrides } from "../../common/shape.ts";
import { boolean, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { axisInput, checkIntegers, indicesOf, integersOf, resolveAxis, resolveIndex } from "./indices.ts";
import { rawElements, tensorOfRaw } from "./raw-elements.ts";
import { reduceInto, type ScatterReduction } from "./reduction-modes.ts";

function inferScatterElements(context: InferContext): readonly OutputSpec[] {
  const [data, indices, updates] = context.inputs;
  checkIntegers(context, 1, "the indices");
  axisInput(context, 3, data.partialShape.rank);
  if (updates.elementType !== data.elementType && data.elementType !== "dynamic" && updates.elementType !== "dynamic")
    context.fail("the updates must be of the data's element type", { expected: data.elementType, got: updates.elementType });
  if (indices.partialShape.merge(updates.partialShape) === undefined)
    context.fail("indices and updates must have one shape", { got: `${indices.partialShape} and ${updates.partialShape}` });
  if (
    data.partialShape.rank !== undefined &&
    indices.partialShape.rank !== undefined &&
    data.partialShape.rank !== indices.partialShape.rank
  )
    context.fail("data and indices must have one rank", { got: `${data.partialShape} and ${indices.partialShape}` });
  return [outputSpec(data.elementType, data.partialShape.dimensions)];
}

/** Opset3 replaces, and has neither. */
type ScatterAttributes = { readonly reduction?: ScatterReduction; readonly use_init_val?: boolean };

function evaluateScatterElements({ node, inputs, attributes }: EvaluateContext<ScatterAttributes>): readonly Tensor[] {
  const [data, indices, updates, axisTensor] = inputs;
  const axis = resolveAxis(node, integersOf(axisTensor)[0], data.shape.length);
  const strides = rowMajorStrides(data.shape);
  const updateStrides = rowMajorStrides(updates.shape);
  const targets = indicesOf(indices).map((index, at) => {
    let target = resolveIndex(node, index, data.shape[axis]) * strides[axis];
    for (const [i, stride] of updateStrides.entries()) if (i !== axis) target += (Math.floor(at / stride) % updates.shape[i]) * strides[i];
    return target;
  });
  const reduction = attributes.reduction ?? "none";
  if (reduction !== "none") return [reduceInto(data, updates, targets, reduction, attributes.use_init_val === true)];
  const raw = rawElements(data).slice() as Float32Array;
  const from = rawElements(updates) as Float32Array;
  for (const [i, target] of targets.entries()) raw[target] = from[i];
  return [tensorOfRaw(data.elementType, data.shape, raw)];
}

/** A copy of the data with single elements replaced: inputs are data, indices, updates and the axis that the indices are of. */
export const ScatterElementsUpdate3 = defineOp({
  type: "ScatterElementsUpdate",
  since: "opset3",
  attributes: {},
  inputs: 4,
  infer: inferScatterElements,
  evaluate: evaluateScatterElements,
});

/** ScatterElementsUpdate that combines updates with the elements, or (`use_init_val` false) with each other only. */
export const ScatterElementsUpdate12 = defineOp({
  type: "ScatterElementsUpdate",
  since: "opset12",
  attributes: {
    reduction: string({ default: "none", oneOf: ["none", "sum", "prod", "min", "max", "mean"] }),
    use_init_val: boolean(true),
  },
  inputs: 4,
  infer: inferScatterElements,
  evaluate: evaluateScatterElements,
});
