import { minDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineReduction } from "./define-reduction.ts";

/** The smallest element along axes; of none the largest number of the type. */
export const ReduceMin = defineReduction({
  type: "ReduceMin",
  since: "opset1",
  reducer: { start: Number.POSITIVE_INFINITY, combine: Math.min },
  bigCombine: (least, x) => (x < least ? x : least),
  propagate: minDimensions,
});
