import { and } from "../../model/scalar-expression.ts";
import { autoBroadcast, defineElementwise } from "../define-elementwise.ts";

/** Logic on booleans, element by element. */
export const LogicalAnd = defineElementwise({
  type: "LogicalAnd",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => and(a, b),
  outputType: () => "boolean",
});
