import { maxDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineReduction } from "./define-reduction.ts";

/** The largest element along axes; of none the lowest number of the type. */
export const ReduceMax = defineReduction({
  type: "ReduceMax",
  since: "opset1",
  reducer: { start: Number.NEGATIVE_INFINITY, combine: Math.max },
  bigCombine: (most, x) => (x > most ? x : most),
  propagate: maxDimensions,
});
