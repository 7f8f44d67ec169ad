import { not } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Negates booleans. */
export const LogicalNot = defineElementwise({
  type: "LogicalNot",
  since: "opset1",
  inputs: 1,
  scalar: ([x]) => not(x),
  accepts: "boolean",
  outputType: "boolean",
});
