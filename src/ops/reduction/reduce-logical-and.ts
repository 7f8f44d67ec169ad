import { defineReduction } from "./define-reduction.ts";

/** Whether all elements are true along axes. */
export const ReduceLogicalAnd = defineReduction("ReduceLogicalAnd", "opset1", { start: 1, combine: (all, x) => (all && x ? 1 : 0) });
