import { sign } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** -1, 0 or 1 of each element. */
export const Sign = defineElementwise({ type: "Sign", since: "opset1", inputs: 1, scalar: ([x]) => sign(x) });
