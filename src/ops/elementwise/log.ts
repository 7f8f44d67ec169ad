import { log } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The natural logarithm of each element. */
export const Log = defineElementwise({ type: "Log", since: "opset1", inputs: 1, scalar: ([x]) => log(x) });
