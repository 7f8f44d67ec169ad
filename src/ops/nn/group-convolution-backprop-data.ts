import { ints } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { evaluateTransposed, inferTransposedConvolution } from "./infer-transposed-convolution.ts";
import { groupConvolutionAttributes } from "./spatial-geometry.ts";

/** Transposed convolution within groups of channels: data [N, G * I, spatial...], weights [G, I, O, kernel...]. */
export const GroupConvolutionBackpropData = defineOp({
  type: "GroupConvolutionBackpropData",
  since: "opset1",
  attributes: { ...groupConvolutionAttributes, output_padding: ints([]) },
  inputs: [2, 3],
  shapeInputs: [2],
  infer: (context) => inferTransposedConvolution(context, "GIO"),
  evaluate: (context) => evaluateTransposed(context, true),
});
