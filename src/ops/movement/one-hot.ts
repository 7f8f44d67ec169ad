import { shapeSize } from "../../common/shape.ts";
import { int, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, indicesOf, integersOf, resolveAxis } from "./indices.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/** Opset1 does not have the mode. */
type OneHotAttributes = { readonly axis: number; readonly negative_indices_mode?: "ignore_negative" | "normalize" };

function inferOneHot(context: InferContext<OneHotAttributes>): readonly OutputSpec[] {
  const [indices, , on, off] = context.inputs;
  checkIntegers(context, 0, "the indices");
  checkIntegers(context, 1, "the depth");
  if (on.elementType !== off.elementType && on.elementType !== "dynamic" && off.elementType !== "dynamic")
    context.fail("the on and off values must be of one element type", { expected: on.elementType, got: off.elementType });
  const type = on.elementType === "dynamic" ? off.elementType : on.elementType;
  const dimensions = indices.partialShape.dimensions;
  if (dimensions === undefined) return [outputSpec(type, undefined)];
  const axis = resolveAxis(context, context.attributes.axis, dimensions.length + 1);
  const depth = context.value(1)?.[0] ?? anyDimension;
  if (isKnown(depth) && depth < 0) context.fail("the depth must not be negative", { got: String(depth) });
  return [outputSpec(type, dimensions.toSpliced(axis, 0, depth))];
}

function evaluateOneHot({
  node,
  attributes,
  inputs: [indices, depthTensor, on, off],
}: EvaluateContext<OneHotAttributes>): readonly Tensor[] {
  const axis = resolveAxis(node, attributes.axis, indices.shape.length + 1);
  const depth = integersOf(depthTensor)[0];
  const inner = shapeSize(indices.shape.slice(axis));
  const shape = indices.shape.toSpliced(axis, 0, depth);
  const raw = allocateRaw(on.elementType, shapeSize(shape)) as Float32Array;
  raw.fill((rawElements(off) as Float32Array)[0]);
  const value = (rawElements(on) as Float32Array)[0];
  const fromEnd = attributes.negative_indices_mode === "normalize";
  for (const [i, index] of indicesOf(indices).entries()) {
    const at = fromEnd && index < 0 ? index + depth : index;
    if (at >= 0 && at < depth) raw[(Math.floor(i / inner) * depth + at) * inner + (i % inner)] = value;
  }
  return [tensorOfRaw(on.elementType, shape, raw)];
}

/** A new axis of `depth` elements, the one at the index on and the others off. Inputs: indices, depth, on value, off value. */
export const OneHot1 = defineOp({
  type: "OneHot",
  since: "opset1",
  attributes: { axis: int() },
  inputs: 4,
  shapeInputs: [1],
  infer: inferOneHot,
  evaluate: evaluateOneHot,
});

/** OneHot whose negative indices may count from the end (`normalize`) instead of being ignored. */
export const OneHot16 = defineOp({
  type: "OneHot",
  since: "opset16",
  attributes: { axis: int(), negative_indices_mode: string({ default: "ignore_negative", oneOf: ["ignore_negative", "normalize"] }) },
  inputs: 4,
  shapeInputs: [1],
  infer: inferOneHot,
  evaluate: evaluateOneHot,
});
