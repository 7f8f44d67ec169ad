import { and } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Logic on booleans, element by element. */
export const LogicalAnd = defineElementwise({
  type: "LogicalAnd",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => and(a, b),
  accepts: "boolean",
  outputType: "boolean",
});
