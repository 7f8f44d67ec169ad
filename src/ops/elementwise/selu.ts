import { exp, gt, mul, select, sub } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** lambda (x above zero, alpha (e^x - 1) below); alpha and lambda are inputs of one element (Klambauer et al., 2017). */
export const Selu = defineElementwise({
  type: "Selu",
  since: "opset1",
  inputs: 3,
  accepts: "float",
  parameters: [1, 2],
  scalar: ([x, alpha, lambda]) => mul(lambda, select(gt(x, 0), x, mul(alpha, sub(exp(x), 1)))),
});
