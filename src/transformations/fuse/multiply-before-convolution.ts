import { node } from "../../model/node.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { scaleWeights } from "./scale-weights.ts";
import { alongWeights, constantWeights, convolutions } from "./weights.ts";

/** A scale of a convolution's input channels goes into its weights; padding is 0 before and after. */
export const multiplyBeforeConvolution = rewrite("multiply-before-convolution", convolutions, (convolution, context) => {
  const [data, weights, ...rest] = convolution.inputs;
  const multiply = producer(data, "Multiply");
  const parts = multiply && splitConstant(multiply);
  if (parts === undefined || !context.isPrivate(data) || constantWeights(convolution) === undefined) return undefined;
  const scale = alongWeights(convolution, parts.constant, "input");
  if (scale === undefined) return undefined;
  return node(convolution.op, [parts.data, scaleWeights(weights, scale), ...rest], convolution.attributes).outputs[0];
});
