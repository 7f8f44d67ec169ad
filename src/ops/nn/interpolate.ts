import { type AttributeSchema, boolean, float, ints, string, type AttributesOf, type AttributeSchemas } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import { addDimensions, floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { opaqueSymbol } from "../../tensor/symbol.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { checkIntegers, integersOf, resolveAxis } from "../movement/indices.ts";
import { knownNumbers } from "../movement/moved-values.ts";
import { padWithZeros } from "../movement/pad-with-zeros.ts";
import { outputSpec } from "../output-spec.ts";
import { resizeTensor, type Resizing } from "./evaluate-interpolate.ts";
import type { ResamplingRule } from "./resampling.ts";

const commonAttributes = {
  shape_calculation_mode: string({ oneOf: ["sizes", "scales"] }),
  coordinate_transformation_mode: string({
    default: "half_pixel",
    oneOf: ["half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners"],
  }),
  nearest_mode: string({
    default: "round_prefer_floor",
    oneOf: ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple"],
  }),
  antialias: boolean(false),
  pads_begin: ints([0]),
  pads_end: ints([0]),
  cube_coeff: float(-0.75),
} as const satisfies Readonly<Record<string, AttributeSchema>>;

type InterpolateAttributes = AttributesOf<typeof commonAttributes> & { readonly mode: ResamplingRule["mode"] };

/** Which inputs hold what; -1: none. */
interface Inputs {
  readonly sizes: number;
  readonly scales: number;
  readonly axes: number;
}
const inputs4: Inputs = { sizes: 1, scales: 2, axes: 3 };
const inputs11: Inputs = { sizes: 1, scales: 1, axes: 2 };

/** The data's dimensions with the pads. */
function paddedDimensions(
  attributes: { readonly pads_begin: readonly number[]; readonly pads_end: readonly number[] },
  dimensions: readonly Dimension[],
): Dimension[] {
  const begins = attributes.pads_begin;
  const ends = attributes.pads_end;
  return dimensions.map((d, i) => addDimensions(d, (begins[i] ?? 0) + (ends[i] ?? 0)));
}

/** floor(length * scale), in binary32 and with OpenVINO's tolerance for scales that are quotients of lengths. */
const scaledLength = (length: number, scale: number): number =>
  Number.isFinite(length) ? Math.floor(Math.fround(Math.fround(Math.fround(length) * Math.fround(scale)) + 1e-6)) : length;

function scaled(length: Dimension, scale: number): Dimension {
  if (isKnown(length)) return scaledLength(length, scale);
  if (Number.isInteger(scale)) return multiplyDimensions(length, scale);
  if (Number.isInteger(1 / scale)) return floorDivideDimension(length, 1 / scale);
  return dimension(
    scaledLength(minOf(length), scale),
    scaledLength(maxOf(length), scale),
    length.symbol && opaqueSymbol(`floor(${length.symbol}*${scale})`),
  );
}

function inferInterpolate(context: InferContext<InterpolateAttributes>, at: Inputs): readonly OutputSpec[] {
  const { inputs, attributes } = context;
  const data = inputs[0];
  const scales = attributes.shape_calculation_mode === "scales";
  if (!scales) checkIntegers(context, at.sizes, "the sizes");
  checkIntegers(context, at.axes, "the axes");
  const dimensions = data.partialShape.dimensions;
  if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
  const given = inputs[at.axes] === undefined ? [...dimensions.keys()] : knownNumbers(context, at.axes);
  if (given === undefined)
    return [
      outputSpec(
        data.elementType,
        dimensions.map(() => anyDimension),
      ),
    ];
  const axes = given.map((a) => resolveAxis(context, a, dimensions.length));
  const padded = paddedDimensions(attributes, dimensions);
  const factors = scales ? context.constant(at.scales) : undefined;
  const lengths: readonly Dimension[] | undefined = scales ? factors && [...tensorNumbers(factors)] : context.value(at.sizes);
  if (lengths !== undefined && lengths.length < axes.length)
    context.fail(`the ${scales ? "scales" : "sizes"} need one number for each axis`, {
      expected: `${axes.length}`,
      got: `${lengths.length}`,
    });
  const shape = [...padded];
  for (const [k, axis] of axes.entries()) {
    const length = lengths?.[k];
    shape[axis] = length === undefined ? anyDimension : scales ? scaled(padded[axis], length as number) : length;
  }
  return [outputSpec(data.elementType, shape)];
}

/** The scale that makes one length of another, in binary32 as OpenVINO computes it. */
const ratio = (output: number, input: number): number => Math.fround(Math.fround(output) / Math.fround(input));

function evaluateInterpolate({ node, inputs, attributes }: EvaluateContext<InterpolateAttributes>, at: Inputs): readonly Tensor[] {
  const data = padWithZeros(inputs[0], attributes.pads_begin, attributes.pads_end);
  const axes = inputs[at.axes] === undefined ? [...data.shape.keys()] : integersOf(inputs[at.axes]);
  const scales = attributes.shape_calculation_mode === "scales";
  const lengths = tensorNumbers(inputs[scales ? at.scales : at.sizes]);
  const resizings = axes.map((a, k): Resizing => {
    const axis = resolveAxis(node, a, data.shape.length);
    const input = data.shape[axis];
    const output = scales ? (scaled(input, lengths[k]) as number) : lengths[k];
    if (!Number.isSafeInteger(output) || output < 0) node.fail("a resized axis has no valid length", { got: String(output) });
    return { axis, input, output, scale: scales ? lengths[k] : ratio(output, input) };
  });
  const rule: ResamplingRule = {
    mode: attributes.mode,
    coordinateTransformation: attributes.coordinate_transformation_mode,
    nearestMode: attributes.nearest_mode,
    cubeCoefficient: attributes.cube_coeff,
    widened: attributes.antialias && resizings.some((r) => r.scale < 1),
  };
  if (rule.mode.endsWith("pillow") && axes.length !== 2)
    node.fail("Pillow's modes resize exactly two axes", { expected: "height and width", got: `${axes.length} axes` });
  return [resizeTensor(data, rule, resizings)];
}

const opset1Attributes = {
  align_corners: boolean(true),
  antialias: boolean(false),
  axes: ints(),
  mode: string({ oneOf: ["nearest", "linear", "linear_onnx", "cubic", "area"] }),
  pads_begin: ints([0]),
  pads_end: ints([0]),
} as const satisfies AttributeSchemas;

/** Resizing of opset1: inputs are the data and the lengths of the attribute's axes. */
export const Interpolate1 = defineOp({
  type: "Interpolate",
  since: "opset1",
  attributes: opset1Attributes,
  inputs: 2,
  shapeInputs: [1],
  infer: (context) => {
    const data = context.inputs[0];
    checkIntegers(context, 1, "the target shape");
    const dimensions = data.partialShape.dimensions;
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    const axes = context.attributes.axes.map((a) => resolveAxis(context, a, dimensions.length));
    const lengths = context.value(1);
    if (lengths !== undefined && lengths.length < axes.length)
      context.fail("the target shape needs one number for each axis", { expected: `${axes.length}`, got: `${lengths.length}` });
    const shape = paddedDimensions(context.attributes, dimensions);
    for (const [k, axis] of axes.entries()) shape[axis] = lengths?.[k] ?? anyDimension;
    return [outputSpec(data.elementType, shape)];
  },
  evaluate: ({ node, inputs, attributes }) => {
    const data = padWithZeros(inputs[0], attributes.pads_begin, attributes.pads_end);
    const lengths = integersOf(inputs[1]);
    const axes = attributes.axes.map((a) => resolveAxis(node, a, data.shape.length));
    const resizings = axes.map((axis, k): Resizing => {
      const input = data.shape[axis];
      return { axis, input, output: lengths[k], scale: ratio(lengths[k], input) };
    });
    return [resizeTensor(data, ruleOfOpset1(node.fail.bind(node), attributes, data.shape.length, axes, resizings), resizings)];
  },
});

type Opset1Attributes = AttributesOf<typeof opset1Attributes>;

/** Opset1's modes in terms of opset4's (OpenVINO's ConvertInterpolate1ToInterpolate4). */
function ruleOfOpset1(
  fail: InferContext["fail"],
  attributes: Opset1Attributes,
  rank: number,
  axes: readonly number[],
  resizings: readonly Resizing[],
): ResamplingRule {
  const { mode, align_corners, pads_begin, pads_end } = attributes;
  if (mode === "area") fail('mode "area" of opset1 is not defined by a formula', { expected: "nearest, linear, linear_onnx or cubic" });
  const linear = mode === "linear" || mode === "linear_onnx";
  const noPads = [...pads_begin, ...pads_end].every((p) => p === 0);
  const image = rank === 4 && axes.length === 2 && axes.includes(2) && axes.includes(3);
  return {
    mode: mode === "linear" ? (rank < 5 ? "linear_onnx" : "linear") : mode,
    coordinateTransformation: align_corners ? "align_corners" : linear && noPads && !image ? "half_pixel" : "asymmetric",
    nearestMode: "simple",
    cubeCoefficient: -0.75,
    widened: attributes.antialias && resizings.some((r) => r.scale < 1),
  };
}

/** Resizing: inputs are data, sizes, scales and, optionally, axes; `shape_calculation_mode` says which of the two counts. */
export const Interpolate4 = defineOp({
  type: "Interpolate",
  since: "opset4",
  attributes: { mode: string({ oneOf: ["nearest", "linear", "linear_onnx", "cubic"] }), ...commonAttributes },
  inputs: [3, 4],
  shapeInputs: [1, 2],
  infer: (context) => inferInterpolate(context, inputs4),
  evaluate: (context) => evaluateInterpolate(context, inputs4),
});

/** Interpolate with one input for sizes or scales, and Pillow's modes. */
export const Interpolate11 = defineOp({
  type: "Interpolate",
  since: "opset11",
  attributes: {
    mode: string({ oneOf: ["nearest", "linear", "linear_onnx", "cubic", "bilinear_pillow", "bicubic_pillow"] }),
    ...commonAttributes,
  },
  inputs: [2, 3],
  shapeInputs: [1],
  infer: (context) => inferInterpolate(context, inputs11),
  evaluate: (context) => evaluateInterpolate(context, inputs11),
});
