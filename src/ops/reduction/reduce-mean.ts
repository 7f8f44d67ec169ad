import { defineReduction } from "./define-reduction.ts";
import { mean } from "./reduce-numbers.ts";

/** The mean along axes; of integers its whole part. */
export const ReduceMean = defineReduction({ type: "ReduceMean", since: "opset1", reducer: mean });
