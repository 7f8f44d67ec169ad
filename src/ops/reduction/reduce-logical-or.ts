import { defineReduction } from "./define-reduction.ts";

/** Whether any element is true along axes. */
export const ReduceLogicalOr = defineReduction("ReduceLogicalOr", "opset1", { start: 0, combine: (any, x) => (any || x ? 1 : 0) });
