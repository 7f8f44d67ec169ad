import { float, int } from "../../model/attribute.ts";
import { add, input, mul } from "../../model/scalar-expression.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { checkChannelVectors, inferSame } from "./infer-same.ts";
import { normalizeMeanVariance } from "./mean-variance.ts";

/** Normalizes groups of channels, then scales and shifts each channel (Wu and He, 2018). Inputs: data, scale, bias. */
export const GroupNormalization12 = defineOp({
  type: "GroupNormalization",
  since: "opset12",
  inputs: 3,
  attributes: { num_groups: int(), epsilon: float() },
  infer: (context) => {
    checkChannelVectors(context, 0, [1, 2]);
    const channels = context.inputs[0].partialShape.dimensions?.[1];
    const groups = context.attributes.num_groups;
    if (groups < 1 || (typeof channels === "number" && channels % groups !== 0))
      context.fail("the channels cannot be divided into the groups", { expected: `a divisor of ${String(channels)}`, got: String(groups) });
    return inferSame(context);
  },
  evaluate: ({ node, inputs: [x, scale, bias], attributes }) => {
    const groups = attributes.num_groups;
    const [batch, channels] = x.shape;
    if (channels % groups !== 0) node.fail("the channels cannot be divided into the groups", { got: `${channels} in ${groups}` });
    const grouped = [batch, groups, x.size / Math.max(1, batch * groups)];
    const options = { normalizeVariance: true, eps: attributes.epsilon, inside: true };
    const normalized = new Tensor("f64", x.shape, normalizeMeanVariance(x, grouped, [2], options));
    const channelShape = [channels, ...x.shape.slice(2).map(() => 1)];
    return [
      evaluateScalar(
        add(mul(input(0), input(1)), input(2)),
        [normalized, scale.reshaped(channelShape), bias.reshaped(channelShape)],
        x.elementType,
      ),
    ];
  },
});
