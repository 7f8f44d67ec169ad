import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { ConvolutionBackpropData } from "../../../ops/nn/convolution-backprop-data.ts";
import { Convolution } from "../../../ops/nn/convolution.ts";
import { GroupConvolutionBackpropData } from "../../../ops/nn/group-convolution-backprop-data.ts";
import { GroupConvolution } from "../../../ops/nn/group-convolution.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { type WindowAttributes, windowAttributes } from "./window-attributes.ts";

/** Another shape for an output; a Constant becomes another Constant on the same data, under the same name. */
function reshaped(node: OnnxNode, output: Output, shape: readonly number[]): Output {
  if (output.constant === undefined) return node.add(Reshape, [output, node.constant("i64", shape)], { special_zero: false });
  const constant = node.constantOf(output.constant.reshaped(shape));
  constant.node.friendlyName = output.node.friendlyName;
  return constant;
}

/** Lengths of the weights: channels, channels of a group, kernel. Their rank gives that of the data, which may be unknown. */
function weightShape(node: OnnxNode): number[] {
  const { dimensions } = node.input(1).partialShape;
  if (!dimensions?.every(isKnown))
    return node.unsupported("weights of dynamic shape are not supported", { got: String(node.input(1).partialShape) });
  if (dimensions.length < 3) node.fail("weights need at least three dimensions", { got: String(node.input(1).partialShape) });
  const kernel = node.ints("kernel_shape");
  const shape = [...(dimensions as readonly number[])];
  if (kernel && kernel.join() !== shape.slice(2).join())
    node.fail('attribute "kernel_shape" is not the shape of the weights', {
      expected: `[${shape.slice(2).join(",")}]`,
      got: `[${kernel.join(",")}]`,
    });
  return shape;
}

/** Weights with a dimension of groups before their first, which they divide. */
function grouped(node: OnnxNode, shape: readonly number[], groups: number): Output {
  if (groups < 1 || shape[0] % groups !== 0)
    node.fail('attribute "group" does not divide the channels of the weights', { got: `group ${groups}, weights [${shape.join(",")}]` });
  return groups === 1 ? node.input(1) : reshaped(node, node.input(1), [groups, shape[0] / groups, ...shape.slice(1)]);
}

/** Adds the bias, one number for each channel. */
function withBias(node: OnnxNode, output: Output, axes: number): Output {
  const bias = node.inputs[2];
  if (bias === undefined) return output;
  output.node.friendlyName = `${node.name}/WithoutBiases`;
  const channels = bias.partialShape.dimensions?.[0];
  const shape = [1, channels !== undefined && isKnown(channels) ? channels : -1, ...new Array<number>(axes).fill(1)];
  return node.add(Add, [output, reshaped(node, bias, shape)]);
}

/** Conv without what a fused operator puts behind it. */
export function convolution(node: OnnxNode): Output {
  const shape = weightShape(node);
  const groups = node.int("group", 1);
  const axes = shape.length - 2;
  const attributes = windowAttributes(node, axes);
  const channels = node.input(0).partialShape.dimensions?.[1];
  if (channels !== undefined && isKnown(channels) && channels !== shape[1] * groups)
    node.fail(`input has ${channels} channels, weights expect ${shape[1]} x group ${groups}`, { hint: 'Check attribute "group"' });
  return withBias(
    node,
    node.add(groups === 1 ? Convolution : GroupConvolution, [node.input(0), grouped(node, shape, groups)], attributes),
    axes,
  );
}

function transposedConvolution(node: OnnxNode): Output {
  const shape = weightShape(node);
  const groups = node.int("group", 1);
  const axes = shape.length - 2;
  const inputs = [node.input(0), grouped(node, shape, groups)];
  const window = windowAttributes(node, axes);
  const output_padding = node.ints("output_padding") ?? new Array<number>(axes).fill(0);
  const outputShape = node.ints("output_shape")?.slice(-axes);
  const op = groups === 1 ? ConvolutionBackpropData : GroupConvolutionBackpropData;
  const surplus = surplusLengths(node, window, shape.slice(2), output_padding, outputShape);
  if (surplus) return withBias(node, node.add(op, inputs, fitPads(window, output_padding, surplus)), axes);
  if (outputShape) inputs.push(node.constant("i64", outputShape));
  return withBias(node, node.add(op, inputs, { ...window, output_padding }), axes);
}

/**
 * By how much the output without pads is longer than what the node asks for: `output_shape`, or with automatic pads the input's length
 * times the stride. Undefined where it asks for neither, or where the answer depends on a dynamic shape.
 */
function surplusLengths(
  node: OnnxNode,
  { strides, dilations, auto_pad }: WindowAttributes,
  kernel: readonly number[],
  outputPadding: readonly number[],
  outputShape: readonly number[] | undefined,
): number[] | undefined {
  const windows = kernel.map((k, i) => (k - 1) * dilations[i] + 1 + outputPadding[i]);
  if (outputShape === undefined)
    return auto_pad === "same_upper" || auto_pad === "same_lower" ? windows.map((w, i) => w - strides[i]) : undefined;
  const spatial = node.input(0).partialShape.dimensions?.slice(2);
  if (!spatial?.every(isKnown)) return undefined;
  return windows.map((w, i) => w + strides[i] * ((spatial[i] as number) - 1) - outputShape[i]);
}

/** Pads that cut off the surplus, the odd element at the end for SAME_UPPER, else at the begin; what is missing is output padding. */
function fitPads(
  { strides, dilations, auto_pad }: WindowAttributes,
  outputPadding: readonly number[],
  surplus: readonly number[],
): WindowAttributes & { readonly output_padding: number[] } {
  const pads = surplus.map((s) => Math.max(s, 0));
  const smaller = pads.map((p) => Math.floor(p / 2));
  const larger = pads.map((p, i) => p - smaller[i]);
  const upper = auto_pad === "same_upper";
  return {
    strides,
    dilations,
    auto_pad: "explicit",
    pads_begin: upper ? smaller : larger,
    pads_end: upper ? larger : smaller,
    output_padding: outputPadding.map((p, i) => p + Math.max(-surplus[i], 0)),
  };
}

export const convolutionOperators: readonly Operator[] = [
  onnxOperator("Conv", convolution),
  onnxOperator("ConvTranspose", transposedConvolution),
];
