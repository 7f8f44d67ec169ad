import { node } from "../../model/node.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Sqrt } from "../../ops/elementwise/sqrt.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { matchNumber } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A power of 2 is a product, of 0.5 a square root: both far cheaper than a power. */
export const simplePower = rewrite("simple-power", ["Power"], ({ inputs: [base, exponent] }) => {
  const number = isFloat(base.elementType) ? matchNumber(base, exponent) : undefined;
  if (number === 2) return node(Multiply, [base, base]).outputs[0];
  return number === 0.5 ? node(Sqrt, [base]).outputs[0] : undefined;
});
