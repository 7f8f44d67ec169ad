import { defineOp } from "../define-op.ts";
import { evaluateTransposed, inferTransposedConvolution, transposedConvolutionAttributes } from "./infer-transposed-convolution.ts";

/**
 * Transposed convolution (deconvolution) of data [N, I, spatial...] with weights [I, O, kernel...]. The optional third
 * input gives the output's spatial lengths.
 */
export const ConvolutionBackpropData = defineOp({
  type: "ConvolutionBackpropData",
  since: "opset1",
  attributes: transposedConvolutionAttributes,
  inputs: [2, 3],
  infer: (context) => inferTransposedConvolution(context, "IO"),
  evaluate: (context) => evaluateTransposed(context, false),
});
