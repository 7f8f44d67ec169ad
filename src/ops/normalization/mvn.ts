import { boolean, float, string } from "../../model/attribute.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sub, div, input } from "../../model/scalar-expression.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";
import { reduceTensor, resolveAxes } from "../reduction/define-reduction.ts";

/** (x - mean) / deviation over axes; `inside` adds eps to the variance, else to the deviation. */
export function meanVarianceTensor(x: Tensor, axes: readonly number[], normalizeVariance: boolean, eps: number, inside: boolean): Tensor {
  const mean = reduceTensor(x, axes, true, { start: 0, combine: (sum, v) => sum + v, finish: (sum, count) => sum / count });
  const centered = evaluateScalar(sub(input(0), input(1)), [x, mean], x.elementType);
  if (!normalizeVariance) return centered;
  const deviation = reduceTensor(centered, axes, true, {
    start: 0,
    combine: (sum, v) => sum + v * v,
    finish: (sum, count) => (inside ? Math.sqrt(sum / count + eps) : Math.sqrt(sum / count) + eps),
  });
  return evaluateScalar(div(input(0), input(1)), [centered, deviation], x.elementType);
}

/** Mean-variance normalization over all axes but batch and (unless `across_channels`) channels. */
export const MVN2 = defineOp({
  type: "MVN",
  since: "opset2",
  inputs: 1,
  attributes: { across_channels: boolean(false), normalize_variance: boolean(true), eps: float(1e-9) },
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ inputs: [x], attributes }) => {
    const first = attributes["across_channels"] === true ? 1 : 2;
    const axes = x.shape.map((_, i) => i).filter((i) => i >= first);
    return [meanVarianceTensor(x, axes, attributes["normalize_variance"] === true, attributes["eps"] as number, false)];
  },
});

/** Mean-variance normalization over the axes of input 1. */
export const MVN6 = defineOp({
  type: "MVN",
  since: "opset6",
  inputs: 2,
  attributes: {
    normalize_variance: boolean(true),
    eps: float(),
    eps_mode: string({ oneOf: ["INSIDE_SQRT", "OUTSIDE_SQRT", "inside_sqrt", "outside_sqrt"] }),
  },
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ node, inputs: [x, axesTensor], attributes }) => {
    const axes = resolveAxes(Array.from(tensorNumbers(axesTensor)), x.shape.length, (a) =>
      node.fail("an axis is out of range", { got: String(a) }),
    );
    const inside = String(attributes["eps_mode"]).toUpperCase() === "INSIDE_SQRT";
    return [meanVarianceTensor(x, axes, attributes["normalize_variance"] === true, attributes["eps"] as number, inside)];
  },
});
