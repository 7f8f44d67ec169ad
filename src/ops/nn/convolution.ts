import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { convolutionOperands } from "./convolution-operands.ts";
import { evaluateConvolution } from "./evaluate-convolution.ts";
import { convolutionAttributes, windowOutputs } from "./spatial-geometry.ts";

/** Convolution (cross-correlation) of data [N, I, spatial...] with weights [O, I, kernel...]; one to three spatial axes. */
export const Convolution = defineOp({
  type: "Convolution",
  since: "opset1",
  attributes: convolutionAttributes,
  inputs: 2,
  infer: (context) => {
    const operands = convolutionOperands(context, "OI");
    if (operands === undefined) return [outputSpec(context.inputs[0].elementType, undefined)];
    const { type, batch, outputChannels, spatial, kernel } = operands;
    return [outputSpec(type, [batch, outputChannels, ...windowOutputs(context, spatial, kernel)])];
  },
  evaluate: ({ node, attributes, inputs: [data, weights] }) => [evaluateConvolution(node, attributes, data, weights, false)],
});
