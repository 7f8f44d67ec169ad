import { boolean } from "../../model/attribute.ts";
import { constant, eq, or } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** Whether an element is infinite, of the signs asked for. */
export const IsInf10 = defineElementwise({
  type: "IsInf",
  since: "opset10",
  inputs: 1,
  attributes: { detect_negative: boolean(true), detect_positive: boolean(true) },
  scalar: ([x], { detect_negative: negative, detect_positive: positive }) => {
    const below = eq(x, Number.NEGATIVE_INFINITY);
    const above = eq(x, Number.POSITIVE_INFINITY);
    if (negative) return positive ? or(below, above) : below;
    return positive ? above : eq(constant(0), constant(1));
  },
  accepts: "float",
  outputType: "boolean",
});
