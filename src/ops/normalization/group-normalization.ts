import { float, int } from "../../model/attribute.ts";
import { add, input, mul } from "../../model/scalar-expression.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";
import { meanVarianceTensor } from "./mvn.ts";

/** Normalizes groups of channels, then scales and shifts each channel (Wu and He, 2018). Inputs: data, scale, bias. */
export const GroupNormalization12 = defineOp({
  type: "GroupNormalization",
  since: "opset12",
  inputs: 3,
  attributes: { num_groups: int(), epsilon: float() },
  infer: (context) => {
    const [x] = context.inputs;
    const channels = x.partialShape.dimensions?.[1];
    const groups = context.attributes["num_groups"] as number;
    if (typeof channels === "number" && (groups < 1 || channels % groups !== 0))
      context.fail("the channels cannot be divided into the groups", { expected: `a divisor of ${channels}`, got: String(groups) });
    return [outputSpec(x.elementType, x.partialShape.dimensions)];
  },
  evaluate: ({ inputs: [x, scale, bias], attributes }) => {
    const groups = attributes["num_groups"] as number;
    const [batch] = x.shape;
    const grouped = x.reshaped([batch, groups, x.size / Math.max(1, batch * groups)]);
    const normalized = meanVarianceTensor(grouped, [2], true, attributes["epsilon"] as number, true).reshaped(x.shape);
    const channelShape = [scale.size, ...x.shape.slice(2).map(() => 1)];
    return [
      evaluateScalar(
        add(mul(input(0), input(1)), input(2)),
        [normalized, scale.reshaped(channelShape), bias.reshaped(channelShape)],
        x.elementType,
      ),
    ];
  },
});
