import { rowMajorStrides } from "../common/shape.ts";
import { allocateArray } from "./allocate-array.ts";
import { Tensor } from "./tensor.ts";

/**
 * Weights and the factors that normalizations gave them: f32, each factor broadcast onto the base. The products are made where somebody
 * reads them; a device multiplies while it packs the base.
 */
export class ScaledTensor extends Tensor {
  readonly base: Tensor;
  readonly factors: readonly Tensor[];

  /** `factor` has at most the base's rank, and its dimensions or 1. */
  constructor(base: Tensor, factor: Tensor) {
    const [inner, before] = base instanceof ScaledTensor ? [base.base, base.factors] : [base, []];
    const factors = [...before, factor];
    super("f32", inner.shape, () => product(inner, factors));
    this.base = inner;
    this.factors = factors;
  }
}

/** A factor's strides along the axes of what it is broadcast onto. */
export function broadcastStrides(factor: Tensor, rank: number): number[] {
  const lead = rank - factor.shape.length;
  const own = rowMajorStrides(factor.shape);
  return Array.from({ length: rank }, (_, axis) => (axis < lead || factor.shape[axis - lead] === 1 ? 0 : own[axis - lead]));
}

function product(base: Tensor, factors: readonly Tensor[]): Float32Array {
  const out = allocateArray(Float32Array, base.size) as Float32Array;
  let from = base.readOnce() as Float32Array;
  for (const factor of factors) {
    multiply(out, from, base.shape, factor);
    from = out;
  }
  return out;
}

/** out = from * factor, in runs over which the factor's place is one or advances by one. */
function multiply(out: Float32Array, from: Float32Array, shape: readonly number[], factor: Tensor): void {
  const strides = broadcastStrides(factor, shape.length);
  const factors = factor.data as Float32Array;
  // Axes behind the last along which the factor varies, and that one.
  const last = strides.findLastIndex((s) => s !== 0);
  const inner = shape.slice(last + 1).reduce((n, d) => n * d, 1);
  const counters = shape.slice(0, last + 1).map(() => 0);
  let place = 0;
  for (let at = 0; at < out.length;) {
    const length = last < 0 ? 1 : shape[last];
    const step = last < 0 ? 0 : strides[last];
    for (let i = 0; i < length; i++, at += inner, place += step) scaleRun(out, from, at, inner, factors[place]);
    if (last < 0) break;
    place -= length * step;
    for (let axis = last - 1; axis >= 0; axis--) {
      place += strides[axis];
      if (++counters[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      counters[axis] = 0;
    }
  }
}

function scaleRun(out: Float32Array, from: Float32Array, at: number, count: number, factor: number): void {
  for (let i = at, end = at + count; i < end; i++) out[i] = from[i] * factor;
}
