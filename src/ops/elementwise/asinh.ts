import { asinh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse hyperbolic sine of each element. */
export const Asinh4 = defineElementwise({ type: "Asinh", since: "opset4", inputs: 1, scalar: ([x]) => asinh(x) });
