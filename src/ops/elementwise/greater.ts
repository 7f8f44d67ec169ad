import { gt } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Compares element by element; the result is boolean. */
export const Greater = defineElementwise({
  type: "Greater",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => gt(a, b),
  accepts: "any",
  outputType: "boolean",
});
