import { sqrt } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The square root of each element. */
export const Sqrt = defineElementwise({ type: "Sqrt", since: "opset1", inputs: 1, scalar: ([x]) => sqrt(x) });
