import { abs, add, div } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** x / (1 + |x|). */
export const SoftSign9 = defineElementwise({
  type: "SoftSign",
  since: "opset9",
  inputs: 1,
  scalar: ([x]) => div(x, add(1, abs(x))),
});
