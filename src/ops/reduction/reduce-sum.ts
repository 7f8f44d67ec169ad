import { addDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineReduction } from "./define-reduction.ts";
import { sum } from "./reduce-numbers.ts";

/** The sum along axes. */
export const ReduceSum = defineReduction({
  type: "ReduceSum",
  since: "opset1",
  reducer: sum,
  bigCombine: (total, x) => total + x,
  propagate: addDimensions,
});
