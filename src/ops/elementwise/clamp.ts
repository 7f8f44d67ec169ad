import { float } from "../../model/attribute.ts";
import { max, min } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Cuts off below min and above max. */
export const Clamp = defineElementwise({
  type: "Clamp",
  since: "opset1",
  inputs: 1,
  attributes: { min: float(), max: float() },
  scalar: ([x], { min: least, max: most }) => min(max(x, least), most),
});
