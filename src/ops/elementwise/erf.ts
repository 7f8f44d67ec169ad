import { erf } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The error function of each element. */
export const Erf = defineElementwise({ type: "Erf", since: "opset1", inputs: 1, scalar: ([x]) => erf(x) });
