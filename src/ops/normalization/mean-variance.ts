import type { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { type NumberArray, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { broadcastPositions } from "../broadcast-positions.ts";
import { mean, reduceNumbers, sumOfSquares } from "../reduction/reduce-numbers.ts";

/** `combine` of each element and the one that a reduction along axes gave for it. */
export function withReduced(
  data: NumberArray,
  shape: readonly number[],
  axes: readonly number[],
  reduced: Float64Array,
  combine: (x: number, y: number) => number,
): Float64Array {
  const out = allocateArray(Float64Array, data.length);
  const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const positions = new Float64Array(data.length);
  if (shape.length > 0) broadcastPositions(kept, shape)(positions, 0, data.length);
  for (let i = 0; i < data.length; i++) out[i] = combine(data[i], reduced[positions[i]]);
  return out;
}

export interface MeanVarianceOptions {
  readonly normalizeVariance: boolean;
  readonly eps: number;
  /** Adds eps to the variance; else to the deviation. */
  readonly inside: boolean;
}

/** (x - mean) / deviation over axes, in float64. */
export function normalizeMeanVariance(
  x: Tensor,
  shape: readonly number[],
  axes: readonly number[],
  { normalizeVariance, eps, inside }: MeanVarianceOptions,
): Float64Array {
  const data = tensorNumbers(x);
  const centered = withReduced(data, shape, axes, reduceNumbers(data, shape, axes, mean), (v, average) => v - average);
  if (!normalizeVariance) return centered;
  const deviation = reduceNumbers(centered, shape, axes, {
    ...sumOfSquares,
    finish: (total, count) => (inside ? Math.sqrt(total / count + eps) : Math.sqrt(total / count) + eps),
  });
  return withReduced(centered, shape, axes, deviation, (v, d) => v / d);
}
