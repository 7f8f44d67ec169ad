import { boolean, float, string } from "../../model/attribute.ts";
import { roundedTensor } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { inferAxes, resolveAxes } from "../reduction/axes.ts";
import { normalizeMeanVariance } from "./mean-variance.ts";
import { inferSame } from "./infer-same.ts";

/** Mean-variance normalization over all axes but batch and (unless `across_channels`) channels. */
export const MVN2 = defineOp({
  type: "MVN",
  since: "opset2",
  inputs: 1,
  attributes: { eps: float(1e-9), across_channels: boolean(false), normalize_variance: boolean(true) },
  infer: inferSame,
  evaluate: ({ inputs: [x], attributes }) => {
    const first = attributes.across_channels ? 1 : 2;
    const axes = x.shape.map((_, i) => i).filter((i) => i >= first);
    const options = { normalizeVariance: attributes.normalize_variance, eps: attributes.eps, inside: true };
    return [roundedTensor(x.elementType, x.shape, normalizeMeanVariance(x, x.shape, axes, options))];
  },
});

/** Mean-variance normalization over the axes of input 1. */
export const MVN6 = defineOp({
  type: "MVN",
  since: "opset6",
  inputs: 2,
  attributes: {
    eps: float(),
    normalize_variance: boolean(true),
    eps_mode: string({ oneOf: ["INSIDE_SQRT", "OUTSIDE_SQRT", "inside_sqrt", "outside_sqrt"] }),
  },
  infer: (context) => {
    inferAxes(context, 1);
    return inferSame(context);
  },
  evaluate: ({ node, inputs: [x, axes], attributes }) => {
    const options = {
      normalizeVariance: attributes.normalize_variance,
      eps: attributes.eps,
      inside: attributes.eps_mode.toUpperCase() === "INSIDE_SQRT",
    };
    const normalized = normalizeMeanVariance(x, x.shape, resolveAxes(node, axes, x.shape.length), options);
    return [roundedTensor(x.elementType, x.shape, normalized)];
  },
});
