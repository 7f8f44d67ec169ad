import { add, max, min, mul } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** x min(max(x + 3, 0), 6) / 6 (Howard et al., 2019). */
export const HSwish4 = defineElementwise({
  type: "HSwish",
  since: "opset4",
  inputs: 1,
  scalar: ([x]) => mul(x, mul(min(max(add(x, 3), 0), 6), 1 / 6)),
});
