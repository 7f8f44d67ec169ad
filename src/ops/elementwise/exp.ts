import { exp } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** e^x of each element. */
export const Exp = defineElementwise({ type: "Exp", since: "opset1", inputs: 1, scalar: ([x]) => exp(x) });
