import { normalizeAxis, rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, dimension, isKnown, maxOf } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { broadcastDimensions } from "../broadcast-dimensions.ts";
import { defineOp } from "../define-op.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "../movement/raw-elements.ts";
import { copyStrided } from "../movement/strided-copy.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";

/** Elements up to which a repeated number takes part in shape sub-graphs. */
const mostValues = 1024;

type Fail = (what: string, details: { readonly expected?: string; readonly got?: string }) => never;

/** Which axis of the target each axis of the data is: the last ones, or with mode `explicit` those given. */
function mappingOf(rank: number, target: number, given: readonly number[] | undefined, fail: Fail): readonly number[] {
  if (given === undefined) {
    if (rank > target) fail("the data has more dimensions than the target", { expected: `at most ${target}`, got: String(rank) });
    return Array.from({ length: rank }, (_, i) => target - rank + i);
  }
  const axes = given.map(
    (a) => normalizeAxis(a, target) ?? fail("an axis is out of range", { expected: `0 to ${target - 1}`, got: String(a) }),
  );
  if (axes.length !== rank || new Set(axes).size !== rank)
    fail("the axes must be one for each dimension of the data", { expected: `${rank} axes`, got: `[${given}]` });
  return axes;
}

/** The target's dimensions, with what the data's say where the target is not known. */
function targetDimensions(
  own: readonly Dimension[],
  wanted: readonly Dimension[],
  axes: readonly number[],
  fail: Fail,
): readonly Dimension[] {
  const out = [...wanted];
  for (const [i, axis] of axes.entries()) {
    const [mine, theirs] = [own[i], wanted[axis]];
    if (mine === 1) continue;
    if (isKnown(mine) && (isKnown(theirs) ? mine !== theirs : mine < theirs.min || mine > theirs.max))
      fail("the data cannot be broadcast to the target shape", {
        got: `${mine} to ${isKnown(theirs) ? theirs : "another length"} on axis ${axis}`,
      });
    if (isKnown(mine)) out[axis] = mine;
  }
  return out;
}

function infer(context: InferContext): readonly OutputSpec[] {
  const [data, target] = context.inputs;
  const { mode } = context.attributes;
  if (mode === "explicit" && context.inputs.length < 3) context.fail("mode explicit needs the axes as input 2");
  const own = data.partialShape.dimensions;
  const value = context.value(1);
  if (value?.some((d) => maxOf(d) < 0)) context.fail("the target shape has a negative length", { got: `[${value.map(String)}]` });
  const length = target.partialShape.dimensions?.[0];
  const wanted =
    value?.map((d) => (isKnown(d) ? d : dimension(Math.max(0, d.min), d.max, d.symbol))) ??
    unknownDimensions(length !== undefined && isKnown(length) ? length : undefined);
  const fail: Fail = (what, details) => context.fail(what, details);
  if (mode === "bidirectional") {
    const both = broadcastDimensions(own, wanted);
    if (both === null)
      return context.fail("the shapes cannot be broadcast together", { got: `${data.partialShape} and [${value?.map(String)}]` });
    return [outputSpec(data.elementType, both, repeatedValue(context, both))];
  }
  const axes = mode === "explicit" ? context.value(2) : [];
  if (own === undefined || wanted === undefined || !axes?.every(isKnown)) return [outputSpec(data.elementType, wanted)];
  const mapping = mappingOf(own.length, wanted.length, mode === "explicit" ? (axes as readonly number[]) : undefined, fail);
  const out = targetDimensions(own, wanted, mapping, fail);
  return [outputSpec(data.elementType, out, repeatedValue(context, out))];
}

/** One number, repeated. */
function repeatedValue(context: InferContext, out: readonly Dimension[] | undefined): readonly Dimension[] | undefined {
  const value = context.value(0);
  if (value?.length !== 1 || !out?.every(isKnown)) return undefined;
  const size = shapeSize(out as readonly number[]);
  return size <= mostValues ? new Array<Dimension>(size).fill(value[0]) : undefined;
}

function evaluate({ node, inputs: [data, target, axesTensor], attributes: { mode } }: EvaluateContext): readonly Tensor[] {
  const wanted = Array.from(tensorNumbers(target));
  const fail: Fail = (what, details) => node.fail(what, details);
  if (wanted.some((d) => d < 0)) fail("the target shape has a negative length", { got: `[${wanted}]` });
  const shape = mode === "bidirectional" ? (broadcastDimensions(data.shape, wanted) as readonly number[] | null) : wanted;
  if (shape === null) return node.fail("the shapes cannot be broadcast together", { got: `[${data.shape}] and [${wanted}]` });
  const given = mode === "explicit" && axesTensor ? Array.from(tensorNumbers(axesTensor)) : undefined;
  const axes = mappingOf(data.shape.length, shape.length, given, fail);
  targetDimensions(data.shape, shape, axes, fail);
  return [broadcastTensor(data, shape, axes)];
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

/** Repeats the data to fill the shape of input 1; with mode `explicit` input 2 says which axes are the data's. */
export const Broadcast1 = defineOp({
  type: "Broadcast",
  since: "opset1",
  inputs: [2, 3],
  attributes: { mode: string({ default: "numpy", oneOf: ["numpy", "explicit"] }) },
  shapeInputs: [1],
  infer,
  evaluate,
});

/** The same; `bidirectional` lets the target be repeated as well. */
export const Broadcast3 = defineOp({
  type: "Broadcast",
  since: "opset3",
  inputs: [2, 3],
  attributes: { mode: string({ default: "numpy", oneOf: ["numpy", "explicit", "bidirectional"] }) },
  shapeInputs: [1],
  infer,
  evaluate,
});
