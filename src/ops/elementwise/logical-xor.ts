import { xor } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Logic on booleans, element by element. */
export const LogicalXor = defineElementwise({
  type: "LogicalXor",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => xor(a, b),
  accepts: "boolean",
  outputType: "boolean",
});
