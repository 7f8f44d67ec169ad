import { string } from "../../model/attribute.ts";
import { round, roundAway } from "../../model/scalar-expression.ts";
import { defineElementwise } from "../define-elementwise.ts";

/** To the nearest integer; ties to even, or away from zero. */
export const Round5 = defineElementwise({
  type: "Round",
  since: "opset5",
  inputs: 1,
  attributes: { mode: string({ default: "half_to_even", oneOf: ["half_to_even", "half_away_from_zero"] }) },
  scalar: ([x], { mode }) => (mode === "half_to_even" ? round(x) : roundAway(x)),
});
