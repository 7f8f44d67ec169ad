import { ge } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Compares element by element; the result is boolean. */
export const GreaterEqual = defineElementwise({
  type: "GreaterEqual",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => ge(a, b),
  accepts: "any",
  outputType: "boolean",
});
