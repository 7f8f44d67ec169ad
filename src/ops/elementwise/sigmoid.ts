import { add, div, exp, neg } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** 1 / (1 + e^-x). */
export const Sigmoid = defineElementwise({
  type: "Sigmoid",
  since: "opset1",
  inputs: 1,
  scalar: ([x]) => div(1, add(1, exp(neg(x)))),
});
