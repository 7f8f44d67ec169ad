import { acos } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse cosine of each element. */
export const Acos = defineElementwise({ type: "Acos", since: "opset1", inputs: 1, scalar: ([x]) => acos(x) });
