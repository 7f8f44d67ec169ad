import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { ConvolutionBackpropData } from "../../../ops/nn/convolution-backprop-data.ts";
import { Convolution } from "../../../ops/nn/convolution.ts";
import { GroupConvolutionBackpropData } from "../../../ops/nn/group-convolution-backprop-data.ts";
import { GroupConvolution } from "../../../ops/nn/group-convolution.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";
import { windowOf } from "./window.ts";

/** Convolution and its transpose: weights [outputs, inputs / group, h, w], of the transposed one [inputs, outputs / group, h, w]. */
function convolution(layer: CaffeLayer, transposed: boolean, depthwise = false): Output {
  const fields = layer.parameter("convolution_param");
  const { kernel, strides, pads, dilations } = windowOf(layer, fields);
  if (fields.int("axis", 1) !== 1) layer.unsupported('only channels on axis 1 are supported in field "axis"');
  const outputs = fields.int("num_output") ?? layer.fail('field "num_output" is missing');
  const channels = layer.input(0).partialShape.dimensions?.[1];
  const groups = depthwise && channels !== undefined && isKnown(channels) ? channels : fields.int("group", 1);
  const weights = layer.blob(0);
  const inputs = (weights.size / (kernel[0] * kernel[1] * outputs)) * groups;
  if (!Number.isSafeInteger(inputs) || inputs < 1 || groups < 1 || outputs % groups !== 0 || inputs % groups !== 0)
    layer.fail("the weights do not have the size that the layer asks for", {
      expected: `${outputs} outputs, kernel [${kernel}], group ${groups}`,
      got: `[${weights.shape}]`,
      hint: "Give the caffemodel that belongs to this network",
    });
  if (channels !== undefined && isKnown(channels) && channels !== inputs)
    layer.fail(`input has ${channels} channels, weights expect ${inputs}`, { hint: "Give the caffemodel that belongs to this network" });
  const [first, second] = transposed ? [inputs, outputs] : [outputs, inputs];
  const shape = groups === 1 ? [first, second, ...kernel] : [groups, first / groups, second / groups, ...kernel];
  const op = transposed
    ? groups === 1
      ? ConvolutionBackpropData
      : GroupConvolutionBackpropData
    : groups === 1
      ? Convolution
      : GroupConvolution;
  const output = layer.add(op, [layer.input(0), layer.blobAs(0, shape)], {
    strides,
    dilations,
    pads_begin: pads,
    pads_end: pads,
    auto_pad: "explicit",
    ...(transposed && { output_padding: [0, 0] }),
  });
  if (!fields.boolean("bias_term", true)) return output;
  output.node.friendlyName = `${layer.name}/WithoutBiases`;
  return layer.add(Add, [output, layer.blobAs(1, [1, outputs, 1, 1])]);
}

export const convolutionLayers: LayerMappings = {
  Convolution: (layer) => convolution(layer, false),
  ConvolutionDepthwise: (layer) => convolution(layer, false, true),
  DepthwiseConvolution: (layer) => convolution(layer, false, true),
  Deconvolution: (layer) => convolution(layer, true),
};
