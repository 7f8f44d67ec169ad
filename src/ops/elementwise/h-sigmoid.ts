import { add, max, min, mul } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** min(max(x + 3, 0), 6) / 6. */
export const HSigmoid5 = defineElementwise({
  type: "HSigmoid",
  since: "opset5",
  inputs: 1,
  scalar: ([x]) => mul(min(max(add(x, 3), 0), 6), 1 / 6),
});
