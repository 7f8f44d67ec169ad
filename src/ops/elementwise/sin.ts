import { sin } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The sine of radians of each element. */
export const Sin = defineElementwise({ type: "Sin", since: "opset1", inputs: 1, scalar: ([x]) => sin(x) });
