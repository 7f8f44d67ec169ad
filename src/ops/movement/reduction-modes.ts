import { allocateArray } from "../../tensor/allocate-array.ts";
import { isFloat, type ElementType } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";

/** How the updates of a scatter meet what is there. `mean` counts the updates of each element. */
export type ScatterReduction = "none" | "sum" | "sub" | "prod" | "min" | "max" | "mean";

const combine: Readonly<Record<Exclude<ScatterReduction, "none">, (there: number, update: number) => number>> = {
  sum: (a, b) => a + b,
  mean: (a, b) => a + b,
  sub: (a, b) => a - b,
  prod: (a, b) => a * b,
  min: Math.min,
  max: Math.max,
};

/** What an element starts from where its initial value does not count. */
const neutral: Readonly<Record<Exclude<ScatterReduction, "none">, number>> = {
  sum: 0,
  mean: 0,
  sub: 0,
  prod: 1,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
};

/** Combines updates with the elements at `targets` (one position for each update); computed in float64. */
export function reduceInto(
  data: Tensor,
  updates: Tensor,
  targets: Float64Array,
  reduction: Exclude<ScatterReduction, "none">,
  useInitialValues: boolean,
): Tensor {
  const sums = allocateArray(Float64Array, data.size);
  sums.set(tensorNumbers(data));
  const from = tensorNumbers(updates);
  const operate = combine[reduction];
  const counts = allocateArray(Float64Array, data.size);
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i];
    if (counts[target]++ === 0 && !useInitialValues) sums[target] = neutral[reduction];
    sums[target] = operate(sums[target], from[i]);
  }
  if (reduction === "mean")
    for (let i = 0; i < counts.length; i++)
      if (counts[i] > 0) sums[i] = divided(sums[i], counts[i] + (useInitialValues ? 1 : 0), data.elementType);
  return tensorOfNumbers(data.elementType, data.shape, sums);
}

/** Quotients of integers are cut off. */
const divided = (sum: number, count: number, type: ElementType): number => (isFloat(type) ? sum / count : Math.trunc(sum / count));
