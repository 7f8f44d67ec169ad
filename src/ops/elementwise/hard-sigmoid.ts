import { add, max, min, mul } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** alpha x + beta, cut to [0, 1]; alpha and beta are inputs of one element. */
export const HardSigmoid = defineElementwise({
  type: "HardSigmoid",
  since: "opset1",
  inputs: 3,
  accepts: "float",
  parameters: [1, 2],
  scalar: ([x, alpha, beta]) => max(min(add(mul(alpha, x), beta), 1), 0),
});
