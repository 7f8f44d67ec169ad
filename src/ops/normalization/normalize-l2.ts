import { float, string } from "../../model/attribute.ts";
import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { roundedTensor, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { Add } from "../elementwise/add.ts";
import { Divide } from "../elementwise/divide.ts";
import { Maximum } from "../elementwise/maximum.ts";
import { Multiply } from "../elementwise/multiply.ts";
import { Sqrt } from "../elementwise/sqrt.ts";
import { constant } from "../infrastructure/constant.ts";
import { ReduceSum } from "../reduction/reduce-sum.ts";
import { defineOp } from "../define-op.ts";
import { inferAxes, resolveAxes } from "../reduction/axes.ts";
import { reduceNumbers, sumOfSquares } from "../reduction/reduce-numbers.ts";
import { inferSame } from "./infer-same.ts";
import { withReduced } from "./mean-variance.ts";

/** Of f32. */
const smallestNormal = 2 ** -126;

/** x / sqrt(sum of x^2 over axes, with eps added to it or as its least value). Without axes all but zeros become 1. */
export const NormalizeL2 = defineOp({
  type: "NormalizeL2",
  since: "opset1",
  inputs: 2,
  attributes: { eps: float(), eps_mode: string({ oneOf: ["add", "max"] }) },
  infer: (context) => {
    inferAxes(context, 1);
    return inferSame(context);
  },
  decompose: ({ inputs: [x, axes], attributes }) => {
    // Without axes it is another function: all but zeros become 1.
    if (axes.constant === undefined || axes.constant.size === 0) return undefined;
    const squares = node(ReduceSum, [node(Multiply, [x, x]).outputs[0], axes], { keep_dims: true }).outputs[0];
    const { eps, eps_mode: mode } = attributes;
    const root = (of: Output): Output => node(Sqrt, [of]).outputs[0];
    const bounded = (of: Output, least: number): Output =>
      node(mode === "add" ? Add : Maximum, [of, constant(x.elementType, least)]).outputs[0];
    // The square of a bound can be too small for the type where the bound itself is not.
    const norm = mode === "max" && eps < smallestNormal ? bounded(root(squares), Math.sqrt(eps)) : root(bounded(squares, eps));
    return node(Divide, [x, norm]).outputs;
  },
  evaluate: ({ node: self, inputs: [x, axesTensor], attributes }) => {
    const { shape, elementType } = x;
    const axes = resolveAxes(self, axesTensor, shape.length);
    const data = tensorNumbers(x);
    if (axes.length === 0)
      return [
        roundedTensor(
          elementType,
          shape,
          Float64Array.from(data, (v) => (v === 0 ? 0 : 1)),
        ),
      ];
    const eps = attributes.eps;
    const adds = attributes.eps_mode === "add";
    const norm = reduceNumbers(data, shape, axes, {
      ...sumOfSquares,
      finish: (total) => Math.sqrt(adds ? total + eps : Math.max(total, eps)),
    });
    return [
      roundedTensor(
        elementType,
        shape,
        withReduced(data, shape, axes, norm, (v, n) => v / n),
      ),
    ];
  },
});
