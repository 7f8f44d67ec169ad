import { floorMod } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The remainder of a / b with the divisor's sign, as Python's %, element by element. */
export const FloorMod = defineElementwise({
  type: "FloorMod",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => floorMod(a, b),
});
