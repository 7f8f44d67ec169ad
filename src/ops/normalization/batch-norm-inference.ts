import { float } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { add, div, input, mul, sqrt, sub } from "../../model/scalar-expression.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";

/** Positions of data, gamma, beta, mean and variance among the inputs. */
type Roles = readonly [data: number, gamma: number, beta: number, mean: number, variance: number];

const inferOf =
  (roles: Roles) =>
  (context: InferContext): readonly OutputSpec[] => {
    const data = context.inputs[roles[0]];
    const channels = data.partialShape.dimensions?.[1];
    for (const i of roles.slice(1)) {
      const own = context.inputs[i].partialShape.dimensions;
      if (own !== undefined && own.length !== 1)
        context.fail("scale, shift, mean and variance must be vectors", { got: String(context.inputs[i].partialShape) });
      if (typeof channels === "number" && typeof own?.[0] === "number" && own[0] !== channels)
        context.fail("one value for each channel is needed", { expected: String(channels), got: String(own[0]) });
    }
    return [outputSpec(data.elementType, data.partialShape.dimensions)];
  };

const evaluateOf =
  (roles: Roles) =>
  ({ inputs, attributes }: EvaluateContext): readonly Tensor[] => {
    const data = inputs[roles[0]];
    const perChannel = roles
      .slice(1)
      .map((i) => inputs[i].reshaped([inputs[i].size, ...new Array<number>(Math.max(0, data.shape.length - 2)).fill(1)]));
    const [x, gamma, beta, mean, variance] = [0, 1, 2, 3, 4].map(input);
    return [
      evaluateScalar(
        add(mul(div(sub(x, mean), sqrt(add(variance, attributes["epsilon"] as number))), gamma), beta),
        [data, ...perChannel],
        data.elementType,
      ),
    ];
  };

const attributes = { epsilon: float() } as const;
const first: Roles = [2, 0, 1, 3, 4];
const fifth: Roles = [0, 1, 2, 3, 4];

/** gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel; inputs gamma, beta, data, mean, variance. */
export const BatchNormInference1 = defineOp({
  type: "BatchNormInference",
  since: "opset1",
  inputs: 5,
  attributes,
  infer: inferOf(first),
  evaluate: evaluateOf(first),
});

/** The same, with the data as the first input. */
export const BatchNormInference5 = defineOp({
  type: "BatchNormInference",
  since: "opset5",
  inputs: 5,
  attributes,
  infer: inferOf(fifth),
  evaluate: evaluateOf(fifth),
});
