import { defineReduction } from "./define-reduction.ts";

/** The sum of magnitudes along axes. */
export const ReduceL14 = defineReduction("ReduceL1", "opset4", { start: 0, combine: (sum, x) => sum + Math.abs(x) });
