import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { convolutionOperands, type WeightLayout } from "./convolution-operands.ts";
import { evaluateTransposedConvolution } from "./evaluate-convolution.ts";
import { transposedOutputs } from "./spatial-geometry.ts";

/** The output's spatial lengths come from the third input where there is one, else from the data and the pads. */
export function inferTransposedConvolution(context: InferContext, layout: WeightLayout): readonly OutputSpec[] {
  const operands = convolutionOperands(context, layout);
  if (operands === undefined) return [outputSpec(context.inputs[0].elementType, undefined)];
  const { type, batch, outputChannels, spatial, kernel } = operands;
  if (context.inputs.length < 3) return [outputSpec(type, [batch, outputChannels, ...transposedOutputs(context, spatial, kernel)])];
  const given = context.value(2);
  if (given !== undefined && given.length !== spatial.length)
    context.fail("output_shape needs one number for each spatial axis", { expected: `${spatial.length}`, got: `${given.length}` });
  if (given?.some((d) => isKnown(d) && d < 1)) context.fail("output_shape must be positive", { got: `[${given}]` });
  return [outputSpec(type, [batch, outputChannels, ...(given ?? spatial.map(() => anyDimension))])];
}

export const evaluateTransposed = ({ node, attributes, inputs }: EvaluateContext, grouped: boolean): readonly Tensor[] => [
  evaluateTransposedConvolution(node, attributes, inputs, inputs[2] && integersOf(inputs[2]), grouped),
];
