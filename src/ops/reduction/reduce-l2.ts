import { defineReduction } from "./define-reduction.ts";

/** The root of the sum of squares along axes. */
export const ReduceL24 = defineReduction("ReduceL2", "opset4", { start: 0, combine: (sum, x) => sum + x * x, finish: Math.sqrt });
