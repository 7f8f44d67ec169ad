import { mul, sub } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** (a - b)^2, element by element. */
export const SquaredDifference = defineElementwise({
  type: "SquaredDifference",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => mul(sub(a, b), sub(a, b)),
});
