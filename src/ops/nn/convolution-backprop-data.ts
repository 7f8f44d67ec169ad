import { ints } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { evaluateTransposed, inferTransposedConvolution } from "./infer-transposed-convolution.ts";
import { convolutionAttributes } from "./spatial-geometry.ts";

/**
 * Transposed convolution (deconvolution) of data [N, I, spatial...] with weights [I, O, kernel...]. The optional third
 * input gives the output's spatial lengths.
 */
export const ConvolutionBackpropData = defineOp({
  type: "ConvolutionBackpropData",
  since: "opset1",
  attributes: { ...convolutionAttributes, output_padding: ints([]) },
  inputs: [2, 3],
  shapeInputs: [2],
  infer: (context) => inferTransposedConvolution(context, "IO"),
  evaluate: (context) => evaluateTransposed(context, false),
});
