import { defineReduction } from "./define-reduction.ts";

/** Whether all elements are true along axes. */
export const ReduceLogicalAnd = defineReduction({
  type: "ReduceLogicalAnd",
  since: "opset1",
  reducer: { start: 1, combine: (all, x) => (all && x ? 1 : 0) },
  logical: true,
});
