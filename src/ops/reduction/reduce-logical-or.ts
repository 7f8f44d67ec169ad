import { defineReduction } from "./define-reduction.ts";

/** Whether any element is true along axes. */
export const ReduceLogicalOr = defineReduction({
  type: "ReduceLogicalOr",
  since: "opset1",
  reducer: { start: 0, combine: (any, x) => (any || x ? 1 : 0) },
  logical: true,
});
