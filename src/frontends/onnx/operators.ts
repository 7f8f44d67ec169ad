import type { Mapping, Operator } from "./operator.ts";
import { domainOf } from "./operator-sets.ts";
import { activationOperators } from "./operators/activations.ts";
import { arithmeticOperators } from "./operators/arithmetic.ts";
import { batchNormalizationOperator } from "./operators/batch-normalization.ts";
import { castOperators } from "./operators/cast.ts";
import { clipOperator } from "./operators/clip.ts";
import { comparisonOperators } from "./operators/comparison.ts";
import { constantOperators } from "./operators/constant.ts";
import { controlFlowOperators } from "./operators/control-flow.ts";
import { convolutionOperators } from "./operators/convolution.ts";
import { gatherOperators } from "./operators/gather.ts";
import { generatingOperators } from "./operators/generate.ts";
import { identityOperators } from "./operators/identity.ts";
import { matMulOperators } from "./operators/mat-mul.ts";
import { microsoftOperators } from "./operators/microsoft.ts";
import { movementOperators } from "./operators/movement.ts";
import { nonMaxSuppressionOperator } from "./operators/non-max-suppression.ts";
import { normalizationOperators } from "./operators/normalization.ts";
import { padOperator } from "./operators/pad.ts";
import { poolingOperators } from "./operators/pooling.ts";
import { quantizationOperators } from "./operators/quantize.ts";
import { recurrentOperators } from "./operators/recurrent.ts";
import { reductionOperators } from "./operators/reduction.ts";
import { resizeOperators } from "./operators/resize.ts";
import { shapeOperators } from "./operators/shape.ts";
import { softmaxOperators } from "./operators/softmax.ts";
import { splitOperator } from "./operators/split.ts";
import { topKOperators } from "./operators/top-k.ts";
import { unaryOperators } from "./operators/unary.ts";

/** Every ONNX operator that is mapped. */
export const onnxOperators: readonly Operator[] = [
  ...activationOperators,
  ...arithmeticOperators,
  batchNormalizationOperator,
  ...castOperators,
  clipOperator,
  ...comparisonOperators,
  ...constantOperators,
  ...controlFlowOperators,
  ...convolutionOperators,
  ...gatherOperators,
  ...generatingOperators,
  ...identityOperators,
  ...matMulOperators,
  ...microsoftOperators,
  ...movementOperators,
  nonMaxSuppressionOperator,
  ...normalizationOperators,
  padOperator,
  ...poolingOperators,
  ...quantizationOperators,
  ...recurrentOperators,
  ...reductionOperators,
  ...resizeOperators,
  ...shapeOperators,
  ...softmaxOperators,
  splitOperator,
  ...topKOperators,
  ...unaryOperators,
];

const key = (domain: string, type: string): string => `${domain}:${type}`;
const byName = new Map(onnxOperators.map((o) => [key(o.domain, o.type), o]));

/** The mapping of an operator under the version of its domain that a model imports. */
export function findMapping(domain: string, type: string, opset: number): Mapping | undefined {
  return byName.get(key(domainOf(domain), type))?.versions.find(([since]) => since <= opset)?.[1];
}
