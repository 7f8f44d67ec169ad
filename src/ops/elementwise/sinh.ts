import { sinh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The hyperbolic sine of each element. */
export const Sinh = defineElementwise({ type: "Sinh", since: "opset1", inputs: 1, scalar: ([x]) => sinh(x) });
