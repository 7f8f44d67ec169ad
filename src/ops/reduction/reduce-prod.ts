import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineReduction } from "./define-reduction.ts";

/** The product along axes. */
export const ReduceProd = defineReduction({
  type: "ReduceProd",
  since: "opset1",
  reducer: { start: 1, combine: (product, x) => product * x },
  bigCombine: (product, x) => product * x,
  propagate: multiplyDimensions,
});
