import { rowMajorStrides } from "../common/shape.ts";

/** Where elements [begin, begin + count) of a broadcast tensor lie in the tensor itself: fills `positions` with its indices. */
export function broadcastPositions(
  own: readonly number[],
  shape: readonly number[],
): (positions: Float64Array, begin: number, count: number) => void {
  const lead = shape.length - own.length;
  const ownStrides = rowMajorStrides(own);
  const strides = shape.map((_, i) => (i < lead || own[i - lead] === 1 ? 0 : ownStrides[i - lead]));
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
