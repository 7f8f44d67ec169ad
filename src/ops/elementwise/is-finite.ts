import { abs, lt } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Whether an element is neither infinite nor NaN. */
export const IsFinite10 = defineElementwise({
  type: "IsFinite",
  since: "opset10",
  inputs: 1,
  scalar: ([x]) => lt(abs(x), Number.POSITIVE_INFINITY),
  accepts: "float",
  outputType: "boolean",
});
