import { neg } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** -x of each element. */
export const Negative = defineElementwise({ type: "Negative", since: "opset1", inputs: 1, scalar: ([x]) => neg(x) });
