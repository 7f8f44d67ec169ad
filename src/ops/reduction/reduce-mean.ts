import { defineReduction } from "./define-reduction.ts";

/** The mean along axes. */
export const ReduceMean = defineReduction("ReduceMean", "opset1", {
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (sum, count) => sum / count,
});
