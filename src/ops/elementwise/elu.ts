import { float } from "../../model/attribute.ts";
import { exp, gt, mul, select, sub } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** x above zero, alpha (e^x - 1) below (Clevert et al., 2015). */
export const Elu = defineElementwise({
  type: "Elu",
  since: "opset1",
  inputs: 1,
  attributes: { alpha: float() },
  scalar: ([x], { alpha }) => select(gt(x, 0), x, mul(alpha, sub(exp(x), 1))),
});
