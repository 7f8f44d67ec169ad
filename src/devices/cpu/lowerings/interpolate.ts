import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { type ResamplingAxis, resamplingKernel } from "../kernels/resampling.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import type { ResamplingRule } from "../../../ops/nn/resampling.ts";
import { resamplingAxis } from "../resampling-axis.ts";
import type { View } from "../../../lowering/view.ts";

const isOld = (node: Node): boolean => node.op.since === "opset4";

/** The axes that are resized. */
function axesOf(node: Node): readonly number[] | undefined {
  const rank = node.inputs[0].shape.length;
  const axes = node.inputs[isOld(node) ? 3 : 2];
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const value = knownValue(axes);
  return value?.every((d) => typeof d === "number") ? (value as readonly number[]).map((a) => (a < 0 ? a + rank : a)) : undefined;
}

/** Output / input of each dimension, as sizes or scales say. */
function scalesOf(context: LoweringContext, node: Node): number[] {
  const input = node.inputs[0].shape;
  const output = node.outputs[0].shape;
  const scales = input.map((d, i) => output[i] / d);
  if (node.attributes["shape_calculation_mode"] === "scales") {
    const given = context.floats(node.inputs[isOld(node) ? 2 : 1]);
    for (const [i, axis] of (axesOf(node) as readonly number[]).entries()) if (given) scales[axis] = given[i];
  }
  return scales;
}

/** Lengths up to which an axis is worth tables, which become part of kernels and constants. */
const longestAxis = 1 << 16;

const zero = (value: unknown): boolean => value === undefined || (value as readonly number[]).every((p) => p === 0);

/** Interpolation of the spatial dimensions of feature maps. */
export const interpolateLowering: Lowering = {
  types: ["Interpolate"],
  accepts: (node) => {
    const input = node.inputs[0];
    const { attributes } = node;
    if (input.elementType !== "f32" || input.shape.length !== 4 || node.op.since === "opset1") return false;
    if (attributes["antialias"] === true || !zero(attributes["pads_begin"]) || !zero(attributes["pads_end"])) return false;
    if (!["nearest", "linear", "linear_onnx", "cubic"].includes(attributes["mode"] as string)) return false;
    const output = node.outputs[0].shape;
    // Tables of taps have nothing to point to where there is no input.
    if (input.shape.includes(0) || output.some((d) => d > longestAxis)) return false;
    return axesOf(node) !== undefined && input.shape[0] === output[0] && input.shape[1] === output[1];
  },
  lower(context, { anchor }) {
    const { attributes } = anchor;
    const input = context.contiguousAlong(context.view(anchor.inputs[0]), 1);
    const output = context.allocateOutput(anchor.outputs[0], undefined, 1);
    context.define(anchor.outputs[0], output);
    const scales = scalesOf(context, anchor);
    const rule = {
      mode: attributes["mode"] as ResamplingRule["mode"],
      coordinateTransformation: attributes["coordinate_transformation_mode"] as ResamplingRule["coordinateTransformation"],
      nearestMode: attributes["nearest_mode"] as ResamplingRule["nearestMode"],
      cubeCoefficient: attributes["cube_coeff"] as number,
      widened: false,
    };
    const [y, xAxis] = [2, 3].map((d) => resamplingAxis(rule, { input: input.shape[d], output: output.shape[d], scale: scales[d] }));
    const repeats = [repeatOf(y, input.shape[2]), repeatOf(xAxis, input.shape[3])];
    if (repeats[0] !== undefined && repeats[1] !== undefined) repeat(context, input, output, repeats as number[]);
    else {
      const table = (axis: ResamplingAxis): readonly View[] => [
        context.constant({ table: axis.indices }, [axis.output, axis.taps], "i32", () => axis.indices),
      ];
      const weights = (axis: ResamplingAxis): readonly View[] =>
        axis.weights
          ? [context.constant({ table: axis.weights }, [axis.output, axis.taps], "f32", () => axis.weights as Float32Array)]
          : [];
      const kernel = resamplingKernel({ input, output, y, x: xAxis, threads: context.threads }, context.target);
      context.step(kernel, [input, ...table(y), ...table(xAxis), ...weights(y), ...weights(xAxis), output]);
    }
  },
};

/** How often each input is repeated, where the axis does just that. */
function repeatOf(axis: ResamplingAxis, input: number): number | undefined {
  const times = axis.output / input;
  return axis.weights === undefined &&
    axis.taps === 1 &&
    Number.isInteger(times) &&
    axis.indices.every((i, o) => i === Math.floor(o / times))
    ? times
    : undefined;
}

/** Nearest enlargement by whole factors: a copy from a view that repeats its rows and columns. */
function repeat(context: LoweringContext, input: View, output: View, [height, width]: readonly number[]): void {
  const [n, c, y, xs] = input.strides;
  const from: View = {
    ...input,
    shape: [input.shape[0], input.shape[1], input.shape[2], height, input.shape[3], width],
    strides: [n, c, y, 0, xs, 0],
  };
  const to: View = {
    ...output,
    shape: from.shape,
    strides: [
      output.strides[0],
      output.strides[1],
      output.strides[2] * height,
      output.strides[2],
      output.strides[3] * width,
      output.strides[3],
    ],
  };
  context.copy(from, to);
}
