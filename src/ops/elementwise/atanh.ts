import { atanh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse hyperbolic tangent of each element. */
export const Atanh4 = defineElementwise({ type: "Atanh", since: "opset4", inputs: 1, scalar: ([x]) => atanh(x) });
