import { defineReduction } from "./define-reduction.ts";

/** The smallest element along axes. */
export const ReduceMin = defineReduction("ReduceMin", "opset1", { start: Number.POSITIVE_INFINITY, combine: Math.min });
