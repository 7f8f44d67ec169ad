import { defineReduction } from "./define-reduction.ts";

/** The sum along axes. */
export const ReduceSum = defineReduction("ReduceSum", "opset1", { start: 0, combine: (sum, x) => sum + x });
