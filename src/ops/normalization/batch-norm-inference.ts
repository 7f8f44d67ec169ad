import { float, type AttributesOf } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { add, div, input, mul, sqrt, sub } from "../../model/scalar-expression.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { checkChannelVectors, inferSame } from "./infer-same.ts";

/** Positions of data, gamma, beta, mean and variance among the inputs. */
type Roles = readonly [data: number, gamma: number, beta: number, mean: number, variance: number];

const inferOf =
  ([data, ...vectors]: Roles) =>
  (context: InferContext): readonly OutputSpec[] => {
    checkChannelVectors(context, data, vectors);
    return inferSame(context, data);
  };

const [x, gamma, beta, mean, variance] = [0, 1, 2, 3, 4].map(input);

const evaluateOf =
  ([data, ...vectors]: Roles) =>
  ({ inputs, attributes }: EvaluateContext<AttributesOf<typeof schemas>>): readonly Tensor[] => {
    const { shape, elementType } = inputs[data];
    const perChannel = vectors.map((i) => inputs[i].reshaped([inputs[i].size, ...shape.slice(2).map(() => 1)]));
    const deviation = sqrt(add(variance, attributes.epsilon));
    return [evaluateScalar(add(mul(div(sub(x, mean), deviation), gamma), beta), [inputs[data], ...perChannel], elementType)];
  };

const schemas = { epsilon: float() } as const;
const first: Roles = [2, 0, 1, 3, 4];
const fifth: Roles = [0, 1, 2, 3, 4];

/** gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel; inputs gamma, beta, data, mean, variance. */
export const BatchNormInference1 = defineOp({
  type: "BatchNormInference",
  since: "opset1",
  inputs: 5,
  attributes: schemas,
  infer: inferOf(first),
  evaluate: evaluateOf(first),
});

/** The same, with the data as the first input. */
export const BatchNormInference5 = defineOp({
  type: "BatchNormInference",
  since: "opset5",
  inputs: 5,
  attributes: schemas,
  infer: inferOf(fifth),
  evaluate: evaluateOf(fifth),
});
