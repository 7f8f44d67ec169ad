import { defineOp } from "../define-op.ts";
import { evaluateTransposed, inferTransposedConvolution, transposedConvolutionAttributes } from "./infer-transposed-convolution.ts";

/** Transposed convolution within groups of channels: data [N, G * I, spatial...], weights [G, I, O, kernel...]. */
export const GroupConvolutionBackpropData = defineOp({
  type: "GroupConvolutionBackpropData",
  since: "opset1",
  attributes: transposedConvolutionAttributes,
  inputs: [2, 3],
  infer: (context) => inferTransposedConvolution(context, "GIO"),
  evaluate: (context) => evaluateTransposed(context, true),
});
