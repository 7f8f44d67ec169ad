import { acosh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse hyperbolic cosine of each element. */
export const Acosh4 = defineElementwise({ type: "Acosh", since: "opset4", inputs: 1, scalar: ([x]) => acosh(x) });
