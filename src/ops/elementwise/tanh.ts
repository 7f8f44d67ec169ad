import { tanh } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The hyperbolic tangent of each element. */
export const Tanh = defineElementwise({ type: "Tanh", since: "opset1", inputs: 1, scalar: ([x]) => tanh(x) });
