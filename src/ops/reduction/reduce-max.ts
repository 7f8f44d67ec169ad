import { defineReduction } from "./define-reduction.ts";

/** The largest element along axes. */
export const ReduceMax = defineReduction("ReduceMax", "opset1", { start: Number.NEGATIVE_INFINITY, combine: Math.max });
