import { cosh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The hyperbolic cosine of each element. */
export const Cosh = defineElementwise({ type: "Cosh", since: "opset1", inputs: 1, scalar: ([x]) => cosh(x) });
