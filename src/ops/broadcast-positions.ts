import { rowMajorStrides } from "../common/shape.ts";

/** Where elements [begin, begin + count) of a broadcast tensor lie in the tensor itself: fills `positions` with its indices. */
export function broadcastPositions(
  own: readonly number[],
  whole: readonly number[],
): (positions: Float64Array, begin: number, count: number) => void {
  const { shape, strides } = mergedAxes(own, whole);
  const outer = rowMajorStrides(shape);
  const last = shape.length - 1;
  return (positions, begin, count) => {
    const counters = shape.map((d, i) => Math.floor(begin / outer[i]) % d);
    let at = counters.reduce((sum, c, i) => sum + c * strides[i], 0);
    for (let i = 0; i < count;) {
      // The rest of one line along the last axis.
      const run = Math.min(count - i, shape[last] - counters[last]);
      for (const end = i + run; i < end; i++, at += strides[last]) positions[i] = at;
      counters[last] += run;
      for (let d = last; d >= 0 && counters[d] === shape[d]; d--) {
        at -= strides[d] * shape[d];
        counters[d] = 0;
        if (d > 0) {
          counters[d - 1]++;
          at += strides[d - 1];
        }
      }
    }
  };
}

/** The broadcast tensor's axes and the tensor's own strides along them, axes that are walked as one merged: runs become long. */
function mergedAxes(
  own: readonly number[],
  whole: readonly number[],
): { readonly shape: readonly number[]; readonly strides: readonly number[] } {
  const lead = whole.length - own.length;
  const ownStrides = rowMajorStrides(own);
  const shape: number[] = [];
  const strides: number[] = [];
  for (const [axis, length] of whole.entries()) {
    const stride = axis < lead || own[axis - lead] === 1 ? 0 : ownStrides[axis - lead];
    const last = shape.length - 1;
    if (length === 1) continue;
    if (last >= 0 && strides[last] === stride * length) {
      shape[last] *= length;
      strides[last] = stride;
    } else {
      shape.push(length);
      strides.push(stride);
    }
  }
  return shape.length === 0 ? { shape: [1], strides: [0] } : { shape, strides };
}
