import { boolean } from "../../model/attribute.ts";
import { div } from "../../model/scalar-expression.ts";
import { autoBroadcast, defineElementwise } from "../define-elementwise.ts";

/** a / b, element by element; integers are truncated towards zero. `m_pythondiv` is kept for the IR. */
export const Divide = defineElementwise({
  type: "Divide",
  since: "opset1",
  inputs: 2,
  attributes: { ...autoBroadcast, m_pythondiv: boolean(true) },
  scalar: ([a, b]) => div(a, b),
});
