import { defineReduction } from "./define-reduction.ts";

/** The product along axes. */
export const ReduceProd = defineReduction("ReduceProd", "opset1", { start: 1, combine: (product, x) => product * x }, "product");
