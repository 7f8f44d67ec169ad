import { string } from "../../model/attribute.ts";
import { add, div, erf, mul, type ScalarExpression, tanh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

const exact = (x: ScalarExpression): ScalarExpression => mul(mul(x, 0.5), add(1, erf(div(x, Math.SQRT2))));
const approximate = (x: ScalarExpression): ScalarExpression =>
  mul(mul(x, 0.5), add(1, tanh(mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(mul(x, x), x)))))));

/** x Phi(x) with the normal distribution's Phi (Hendrycks and Gimpel, 2016). */
export const Gelu2 = defineElementwise({ type: "Gelu", since: "opset2", inputs: 1, scalar: ([x]) => exact(x) });

/** x Phi(x), by the error function or by its approximation with tanh. */
export const Gelu7 = defineElementwise({
  type: "Gelu",
  since: "opset7",
  inputs: 1,
  attributes: { approximation_mode: string({ default: "ERF", oneOf: ["ERF", "TANH", "erf", "tanh"] }) },
  scalar: ([x], { approximation_mode: mode }) => (mode.toUpperCase() === "TANH" ? approximate(x) : exact(x)),
});
