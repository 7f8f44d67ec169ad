import { atan } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse tangent of each element. */
export const Atan = defineElementwise({ type: "Atan", since: "opset1", inputs: 1, scalar: ([x]) => atan(x) });
