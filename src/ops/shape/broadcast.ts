import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { broadcastDimensions } from "../broadcast-dimensions.ts";
import { defineOp } from "../define-op.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "../movement/raw-elements.ts";
import { copyStrided } from "../movement/strided-copy.ts";
import { outputSpec } from "../output-spec.ts";

function infer(context: InferContext): readonly OutputSpec[] {
  const [data, target] = context.inputs;
  const wanted = context.value(1);
  const rank = target.partialShape.dimensions?.[0];
  const unknown = rank !== undefined && isKnown(rank) ? new Array<Dimension>(rank).fill(anyDimension) : undefined;
  const mode = context.attributes["mode"];
  if (mode === "bidirectional") {
    const both = broadcastDimensions(data.partialShape.dimensions, wanted ?? unknown);
    if (both === null)
      return context.fail("the shapes cannot be broadcast together", { got: `${data.partialShape} and [${String(wanted)}]` });
    return [outputSpec(data.elementType, both)];
  }
  const own = data.partialShape.dimensions;
  if (mode === "numpy" && own !== undefined && wanted !== undefined) {
    const fits = own.length <= wanted.length && broadcastDimensions(own, wanted) !== null;
    if (!fits) context.fail("the data cannot be broadcast to the target shape", { got: `${data.partialShape} to [${wanted.map(String)}]` });
  }
  const all =
    wanted !== undefined &&
    data.partialShape.dimensions !== undefined &&
    shapeSize(data.partialShape.dimensions.map((d) => (isKnown(d) ? d : 2))) === 1
      ? context.value(0)?.[0]
      : undefined;
  const count = all !== undefined && wanted?.every(isKnown) ? shapeSize(wanted as number[]) : undefined;
  return [
    outputSpec(
      data.elementType,
      wanted ?? unknown,
      all !== undefined && count !== undefined && count <= 1024 ? new Array<Dimension>(count).fill(all) : undefined,
    ),
  ];
}

/** Copies the tensor into every place of a shape; `axes` says where its dimensions go. */
function broadcastTensor(tensor: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
  const own = rowMajorStrides(tensor.shape);
  const strides = new Array<number>(shape.length).fill(0);
  for (const [i, axis] of axes.entries()) strides[axis] = tensor.shape[i] === 1 ? 0 : own[i];
  const raw = allocateRaw(tensor.elementType, shapeSize(shape));
  copyStrided(shape, { data: rawElements(tensor), offset: 0, strides }, { data: raw, offset: 0, strides: rowMajorStrides(shape) });
  return tensorOfRaw(tensor.elementType, shape, raw);
}

function evaluate({ node, inputs: [data, target, axesTensor], attributes }: EvaluateContext): readonly Tensor[] {
  const wanted = Array.from(tensorNumbers(target));
  if (attributes["mode"] === "explicit") return [broadcastTensor(data, wanted, Array.from(tensorNumbers(axesTensor)))];
  const shape = attributes["mode"] === "bidirectional" ? (broadcastDimensions(data.shape, wanted) as number[] | null) : wanted;
  if (
    shape === null ||
    shape.length < data.shape.length ||
    data.shape.some((d, i) => d !== 1 && d !== shape[shape.length - data.shape.length + i])
  )
    return node.fail("the data cannot be broadcast to the target shape", { got: `[${data.shape}] to [${wanted}]` });
  return [
    broadcastTensor(
      data,
      shape,
      data.shape.map((_, i) => shape.length - data.shape.length + i),
    ),
  ];
}

/** Repeats the data to fill the shape of input 1; with mode `explicit` input 2 says which axes are the data's. */
export const Broadcast1 = defineOp({
  type: "Broadcast",
  since: "opset1",
  inputs: [2, 3],
  attributes: { mode: string({ default: "numpy", oneOf: ["numpy", "explicit"] }) },
  infer,
  evaluate,
});

/** The same; `bidirectional` lets the target be repeated as well. */
export const Broadcast3 = defineOp({
  type: "Broadcast",
  since: "opset3",
  inputs: [2, 3],
  attributes: { mode: string({ default: "numpy", oneOf: ["numpy", "explicit", "bidirectional"] }) },
  infer,
  evaluate,
});
