import { add } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** a + b, element by element. */
export const Add = defineElementwise({
  type: "Add",
  since: "opset1",
  inputs: 2,
  attributes: autoBroadcast,
  scalar: ([a, b]) => add(a, b),
});
