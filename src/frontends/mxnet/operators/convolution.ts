import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { ConvolutionBackpropData } from "../../../ops/nn/convolution-backprop-data.ts";
import { Convolution } from "../../../ops/nn/convolution.ts";
import { GroupConvolutionBackpropData } from "../../../ops/nn/group-convolution-backprop-data.ts";
import { GroupConvolution } from "../../../ops/nn/group-convolution.ts";
import { MatMul } from "../../../ops/nn/mat-mul.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";

/** A number for each spatial axis. */
export function window(node: MxnetNode, name: string, axes: number, otherwise: number): number[] {
  const given = node.ints(name) ?? [];
  if (given.length !== 0 && given.length !== axes)
    node.fail(`parameter "${name}" does not have a number for each axis`, { expected: `${axes}`, got: `[${given}]` });
  return given.length === 0 ? Array.from({ length: axes }, () => otherwise) : given;
}

/** Weights under a shape with groups in front. */
function weights(node: MxnetNode, groups: number): Output {
  const given = node.input(1);
  if (groups === 1) return given;
  const shape = node.shapeOf(given);
  if (groups < 1 || shape[0] % groups !== 0)
    node.fail('parameter "num_group" does not divide the weights', { got: `${groups}, weights [${shape}]` });
  const grouped = [groups, shape[0] / groups, ...shape.slice(1)];
  return given.constant
    ? node.constantOf(given.constant.reshaped(grouped))
    : node.add(Reshape, [given, node.constant("i64", grouped)], { special_zero: false });
}

function withBias(node: MxnetNode, output: Output, axes: number): Output {
  if (node.boolean("no_bias", false)) return output;
  const bias = node.input(2);
  output.node.friendlyName = `${node.name}/WithoutBiases`;
  const shape = [1, node.int("num_filter"), ...Array.from({ length: axes }, () => 1)];
  const constant = bias.constant;
  return node.add(Add, [
    output,
    constant ? node.constantOf(constant.reshaped(shape)) : node.add(Reshape, [bias, node.constant("i64", shape)], { special_zero: false }),
  ]);
}

function checkLayout(node: MxnetNode): void {
  const layout = node.text("layout", "");
  if (layout !== "" && !layout.startsWith("NC"))
    node.unsupported("only layouts with channels behind the batch are supported", { got: layout });
}

function convolution(node: MxnetNode): Output {
  checkLayout(node);
  const kernel = node.ints("kernel") ?? node.fail('parameter "kernel" is missing');
  const axes = kernel.length;
  const groups = node.int("num_group", 1);
  const pads = window(node, "pad", axes, 0);
  const output = node.add(groups === 1 ? Convolution : GroupConvolution, [node.input(0), weights(node, groups)], {
    strides: window(node, "stride", axes, 1),
    dilations: window(node, "dilate", axes, 1),
    pads_begin: pads,
    pads_end: pads,
    auto_pad: "explicit",
  });
  return withBias(node, output, axes);
}

function deconvolution(node: MxnetNode): Output {
  checkLayout(node);
  const kernel = node.ints("kernel") ?? node.fail('parameter "kernel" is missing');
  const axes = kernel.length;
  const groups = node.int("num_group", 1);
  const op = groups === 1 ? ConvolutionBackpropData : GroupConvolutionBackpropData;
  const strides = window(node, "stride", axes, 1);
  const dilations = window(node, "dilate", axes, 1);
  const target = node.ints("target_shape") ?? [];
  let pads = window(node, "pad", axes, 0);
  let adjustment = window(node, "adj", axes, 0);
  if (target.some((d) => d !== 0)) {
    // The pads follow from the size that is asked for (DeconvolutionParam::InferPad).
    const input = node.shapeOf(node.input(0)).slice(2);
    const total = kernel.map((k, i) => strides[i] * (input[i] - 1) + dilations[i] * (k - 1) + 1 - target[i]);
    if (total.some((t) => t < 0)) node.fail('parameter "target_shape" is too large', { got: `[${target}]` });
    pads = total.map((t) => Math.ceil(t / 2));
    adjustment = total.map((t) => t % 2);
  }
  const output = node.add(op, [node.input(0), weights(node, groups)], {
    strides,
    dilations,
    pads_begin: pads,
    pads_end: pads,
    auto_pad: "explicit",
    output_padding: adjustment,
  });
  return node.boolean("no_bias", true) ? output : withBias(node, output, axes);
}

/** All axes but the first are the inputs of one product, unless `flatten` is off; weights [outputs, inputs]. */
function fullyConnected(node: MxnetNode): Output {
  const flatten = node.boolean("flatten", true);
  const rank = node.input(0).partialShape.rank;
  const rows =
    flatten && rank !== 2 ? node.add(Reshape, [node.input(0), node.constant("i64", [0, -1])], { special_zero: true }) : node.input(0);
  if (rows !== node.input(0)) rows.node.friendlyName = `${node.name}/flatten_fc_input`;
  const product = node.add(MatMul, [rows, node.input(1)], { transpose_a: false, transpose_b: true });
  if (node.boolean("no_bias", false)) return product;
  product.node.friendlyName = `${node.name}/WithoutBiases`;
  return node.add(Add, [product, node.input(2)]);
}

export const convolutionOperators: MxnetMappings = {
  Convolution: convolution,
  Deconvolution: deconvolution,
  FullyConnected: fullyConnected,
};
