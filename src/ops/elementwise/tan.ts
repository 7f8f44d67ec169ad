import { tan } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The tangent of radians of each element. */
export const Tan = defineElementwise({ type: "Tan", since: "opset1", inputs: 1, scalar: ([x]) => tan(x) });
