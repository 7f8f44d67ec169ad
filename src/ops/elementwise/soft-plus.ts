import { abs, add, exp, log, max, neg } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** ln(1 + e^x), written so that it does not overflow. */
export const SoftPlus4 = defineElementwise({
  type: "SoftPlus",
  since: "opset4",
  inputs: 1,
  scalar: ([x]) => add(max(x, 0), log(add(1, exp(neg(abs(x)))))),
});
