import { shapeSize } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, isKnown, mergeDimensions } from "../../tensor/dimension.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";
import { axisInput, checkIntegers, indicesOf, integersOf, resolveAxis } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/**
 * Slices of `data` along `axis`, for each batch (the leading `batchDims` dimensions that data and indices share):
 * shape data[:axis] + indices[batchDims:] + data[axis + 1:]. Indices out of range give zeros.
 */
function gatherTensor(data: Tensor, indices: Tensor, axis: number, batchDims: number): Tensor {
  const batches = shapeSize(data.shape.slice(0, batchDims));
  const outer = shapeSize(data.shape.slice(batchDims, axis));
  const inner = shapeSize(data.shape.slice(axis + 1));
  const length = data.shape[axis];
  const picks = shapeSize(indices.shape.slice(batchDims));
  const shape = [...data.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...data.shape.slice(axis + 1)];
  const from = rawElements(data) as Float32Array;
  const to = allocateRaw(data.elementType, shapeSize(shape)) as Float32Array;
  const starts = indicesOf(indices).map((i) => (i >= -length && i < length ? (i < 0 ? i + length : i) * inner : -1));
  let at = 0;
  for (let b = 0; b < batches; b++)
    for (let o = 0; o < outer; o++) {
      const base = (b * outer + o) * length * inner;
      for (let k = 0; k < picks; k++, at += inner) {
        const start = starts[b * picks + k];
        if (start < 0) continue;
        if (inner === 1) to[at] = from[base + start];
        else to.set(from.subarray(base + start, base + start + inner), at);
      }
    }
  return tensorOfRaw(data.elementType, shape, to);
}

/** Opset1 has the axis as an input and no batch dimensions. */
type GatherAttributes = { readonly batch_dims?: number };

const batchDimsOf = ({ attributes }: Pick<InferContext<GatherAttributes>, "attributes">, indicesRank: number): number => {
  const batchDims = attributes.batch_dims ?? 0;
  return batchDims < 0 ? batchDims + indicesRank : batchDims;
};

function inferGather(context: InferContext<GatherAttributes>): readonly OutputSpec[] {
  const [data, indices] = context.inputs;
  checkIntegers(context, 1, "the indices");
  const from = data.partialShape.dimensions;
  const picks = indices.partialShape.dimensions;
  const axis = axisInput(context, 2, from?.length);
  if (from === undefined || picks === undefined) return [outputSpec(data.elementType, undefined)];
  const batchDims = batchDimsOf(context, picks.length);
  if (batchDims < 0 || batchDims > picks.length || batchDims > from.length || (axis !== undefined && batchDims > axis))
    context.fail("batch_dims is out of range", {
      expected: `at most the axis (${axis ?? "unknown"}) and the rank of the indices (${picks.length})`,
      got: String(context.attributes.batch_dims),
    });
  if (axis === undefined) return [outputSpec(data.elementType, unknownDimensions(from.length - 1 + picks.length - batchDims))];
  const batch = from.slice(0, batchDims).map((d, i) => {
    const merged = mergeDimensions(d, picks[i]);
    if (merged === undefined)
      context.fail("data and indices differ in a batch dimension", { got: `${data.partialShape} and ${indices.partialShape}` });
    return merged;
  });
  const shape = [...batch, ...from.slice(batchDims, axis), ...picks.slice(batchDims), ...from.slice(axis + 1)];
  return [outputSpec(data.elementType, shape, gatheredValues(context, axis, batchDims, shape))];
}

function gatheredValues(
  context: InferContext,
  axis: number,
  batchDims: number,
  output: readonly Dimension[],
): readonly Dimension[] | undefined {
  const wanted = knownNumbers(context, 1);
  const shape = context.inputs[1].partialShape.dimensions;
  const length = context.inputs[0].partialShape.dimensions?.[axis];
  if (wanted === undefined || !shape?.every(isKnown) || length === undefined || !isKnown(length)) return undefined;
  if (wanted.some((i) => i < -length || i >= length)) return undefined;
  const indices = new Tensor("i32", shape as readonly number[], wanted);
  return movedValues(context, [0], ([p]) => [gatherTensor(p, indices, axis, batchDims)], output)?.[0];
}

const evaluateGather = (context: EvaluateContext<GatherAttributes>): readonly Tensor[] => {
  const [data, indices, axis] = context.inputs;
  const resolved = resolveAxis(context.node, integersOf(axis)[0], data.shape.length);
  return [gatherTensor(data, indices, resolved, batchDimsOf(context, indices.shape.length))];
};

/** Picks slices along an axis: inputs are data, indices and the axis. */
export const Gather1 = defineOp({
  type: "Gather",
  since: "opset1",
  attributes: {},
  inputs: 3,
  infer: inferGather,
  evaluate: evaluateGather,
});

/** Gather with leading dimensions that data and indices share. */
export const Gather7 = defineOp({
  type: "Gather",
  since: "opset7",
  attributes: { batch_dims: int(0) },
  inputs: 3,
  infer: inferGather,
  evaluate: evaluateGather,
});

/** Gather whose indices may be negative, counted from the end. */
export const Gather8 = defineOp({
  type: "Gather",
  since: "opset8",
  attributes: { batch_dims: int(0) },
  inputs: 3,
  infer: inferGather,
  evaluate: evaluateGather,
});
