import { mod } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The remainder of a / b with the dividend's sign, as C's fmod, element by element. */
export const Mod = defineElementwise({
  type: "Mod",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => mod(a, b),
});
