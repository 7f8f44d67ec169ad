import { cos } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The cosine of radians of each element. */
export const Cos = defineElementwise({ type: "Cos", since: "opset1", inputs: 1, scalar: ([x]) => cos(x) });
