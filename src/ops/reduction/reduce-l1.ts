import { defineReduction } from "./define-reduction.ts";

/** The sum of magnitudes along axes. */
export const ReduceL14 = defineReduction({
  type: "ReduceL1",
  since: "opset4",
  reducer: { start: 0, combine: (sum, x) => sum + Math.abs(x) },
  bigCombine: (sum, x) => sum + (x < 0n ? -x : x),
});
