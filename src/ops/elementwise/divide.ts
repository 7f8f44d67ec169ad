import { boolean } from "../../model/attribute.ts";
import { div, pythonDiv } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** a / b, element by element; integers are rounded down, without `m_pythondiv` towards zero. */
export const Divide = defineElementwise({
  type: "Divide",
  since: "opset1",
  inputs: 2,
  attributes: { ...autoBroadcast, m_pythondiv: boolean(true) },
  scalar: ([a, b], { m_pythondiv: python }) => (python ? pythonDiv(a, b) : div(a, b)),
});
