import { ceil } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The next integer above of each element. */
export const Ceiling = defineElementwise({ type: "Ceiling", since: "opset1", inputs: 1, scalar: ([x]) => ceil(x) });
