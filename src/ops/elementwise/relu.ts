import { max } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** max(x, 0). */
export const Relu = defineElementwise({
  type: "Relu",
  irType: "ReLU",
  since: "opset1",
  inputs: 1,
  scalar: ([x]) => max(x, 0),
});
