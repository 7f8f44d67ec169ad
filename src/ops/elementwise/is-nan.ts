import { ne } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Whether an element is not a number. */
export const IsNaN10 = defineElementwise({
  type: "IsNaN",
  since: "opset10",
  inputs: 1,
  scalar: ([x]) => ne(x, x),
  accepts: "float",
  outputType: "boolean",
});
