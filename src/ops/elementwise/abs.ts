import { abs } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** |x| of each element. */
export const Abs = defineElementwise({ type: "Abs", since: "opset1", inputs: 1, scalar: ([x]) => abs(x) });
