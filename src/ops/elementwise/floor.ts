import { floor } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** The next integer below of each element. */
export const Floor = defineElementwise({ type: "Floor", since: "opset1", inputs: 1, scalar: ([x]) => floor(x) });
