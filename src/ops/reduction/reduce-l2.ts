import { defineReduction } from "./define-reduction.ts";
import { sumOfSquares } from "./reduce-numbers.ts";

/** The root of the sum of squares along axes. */
export const ReduceL24 = defineReduction({ type: "ReduceL2", since: "opset4", reducer: { ...sumOfSquares, finish: Math.sqrt } });
