import { add, div, exp, mul, neg } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** x / (1 + e^(-beta x)); beta is an optional input of one element, 1 by default (Ramachandran et al., 2017). */
export const Swish4 = defineElementwise({
  type: "Swish",
  since: "opset4",
  inputs: [1, 2],
  accepts: "float",
  parameters: [1],
  scalar: ([x, beta]) => div(x, add(1, exp(neg(beta === undefined ? x : mul(beta, x))))),
});
