import { or } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Logic on booleans, element by element. */
export const LogicalOr = defineElementwise({
  type: "LogicalOr",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => or(a, b),
  accepts: "boolean",
  outputType: "boolean",
});
