import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { convolutionOperands } from "./convolution-operands.ts";
import { evaluateConvolution } from "./evaluate-convolution.ts";
import { groupConvolutionAttributes, windowOutputs } from "./spatial-geometry.ts";

/** Convolution within groups of channels: data [N, G * I, spatial...], weights [G, O, I, kernel...]. */
export const GroupConvolution = defineOp({
  type: "GroupConvolution",
  since: "opset1",
  attributes: groupConvolutionAttributes,
  inputs: 2,
  infer: (context) => {
    const operands = convolutionOperands(context, "GOI");
    if (operands === undefined) return [outputSpec(context.inputs[0].elementType, undefined)];
    const { type, batch, outputChannels, spatial, kernel } = operands;
    return [outputSpec(type, [batch, outputChannels, ...windowOutputs(context, spatial, kernel)])];
  },
  evaluate: ({ node, attributes, inputs: [data, weights] }) => [evaluateConvolution(node, attributes, data, weights, true)],
});
