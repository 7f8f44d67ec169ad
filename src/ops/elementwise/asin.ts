import { asin } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The inverse sine of each element. */
export const Asin = defineElementwise({ type: "Asin", since: "opset1", inputs: 1, scalar: ([x]) => asin(x) });
