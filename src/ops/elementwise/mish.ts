import { add, exp, log, mul, tanh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** x tanh(ln(1 + e^x)) (Misra, 2019). */
export const Mish4 = defineElementwise({
  type: "Mish",
  since: "opset4",
  inputs: 1,
  scalar: ([x]) => mul(x, tanh(log(add(1, exp(x))))),
});
