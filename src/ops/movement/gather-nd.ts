import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { type AttributesOf, int } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, isKnown, mergeDimensions } from "../../tensor/dimension.ts";
import { dimensionProduct } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, indicesOf, resolveIndex } from "./indices.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

const attributes = { batch_dims: int(0) } as const;
type GatherNDAttributes = AttributesOf<typeof attributes>;

/** Opset5 joins the batch dimensions of the output into one, opset8 keeps them. */
function inferGatherND(context: InferContext<GatherNDAttributes>, joinBatch: boolean): readonly OutputSpec[] {
  const [data, indices] = context.inputs;
  checkIntegers(context, 1, "the indices");
  const batchDims = context.attributes.batch_dims;
  const [from, picks] = [data.partialShape.dimensions, indices.partialShape.dimensions];
  if (batchDims < 0) context.fail("batch_dims must not be negative", { got: String(batchDims) });
  if (from === undefined || picks === undefined) return [outputSpec(data.elementType, undefined)];
  if (from.length < 1 || picks.length < 1 || batchDims >= Math.min(from.length, picks.length))
    context.fail("batch_dims must be less than the ranks of data and indices", {
      got: `${batchDims}, ${data.partialShape} and ${indices.partialShape}`,
    });
  const depth = picks[picks.length - 1];
  if (!isKnown(depth)) return [outputSpec(data.elementType, undefined)];
  if (depth < 1 || batchDims + depth > from.length)
    context.fail("the last dimension of the indices does not fit the data", {
      expected: `1 to ${from.length - batchDims}`,
      got: `${depth}`,
    });
  const batch = picks.slice(0, batchDims).map((d, i): Dimension => {
    const merged = mergeDimensions(d, from[i]);
    return (
      merged ?? context.fail("data and indices differ in a batch dimension", { got: `${data.partialShape} and ${indices.partialShape}` })
    );
  });
  const joined = joinBatch && batchDims > 1 ? [dimensionProduct(batch)] : batch;
  return [outputSpec(data.elementType, [...joined, ...picks.slice(batchDims, -1), ...from.slice(batchDims + depth)])];
}

function evaluateGatherND(
  { node, attributes, inputs: [data, indices] }: EvaluateContext<GatherNDAttributes>,
  joinBatch: boolean,
): readonly Tensor[] {
  const batchDims = attributes.batch_dims;
  const depth = indices.shape[indices.shape.length - 1];
  const batch = data.shape.slice(0, batchDims);
  const strides = rowMajorStrides(data.shape);
  const slice = shapeSize(data.shape.slice(batchDims + depth));
  const tuples = shapeSize(indices.shape.slice(batchDims, -1));
  const batchSize = shapeSize(data.shape.slice(batchDims));
  const joined = joinBatch && batchDims > 1 ? [shapeSize(batch)] : batch;
  const shape = [...joined, ...indices.shape.slice(batchDims, -1), ...data.shape.slice(batchDims + depth)];
  const from = rawElements(data) as Float32Array;
  const to = allocateRaw(data.elementType, shapeSize(shape)) as Float32Array;
  const list = indicesOf(indices);
  for (let b = 0, at = 0; b < shapeSize(batch); b++)
    for (let t = 0; t < tuples; t++, at++) {
      let start = b * batchSize;
      for (let k = 0; k < depth; k++) start += resolveIndex(node, list[at * depth + k], data.shape[batchDims + k]) * strides[batchDims + k];
      to.set(from.subarray(start, start + slice), at * slice);
    }
  return [tensorOfRaw(data.elementType, shape, to)];
}

/** Slices at tuples of indices, the last dimension of the second input; batch dimensions become one in the output. */
export const GatherND5 = defineOp({
  type: "GatherND",
  since: "opset5",
  attributes,
  inputs: 2,
  infer: (context) => inferGatherND(context, true),
  evaluate: (context) => evaluateGatherND(context, true),
});

/** GatherND that keeps the batch dimensions. */
export const GatherND8 = defineOp({
  type: "GatherND",
  since: "opset8",
  attributes,
  inputs: 2,
  infer: (context) => inferGatherND(context, false),
  evaluate: (context) => evaluateGatherND(context, false),
});
