import { type ResamplingRule, resamplingTaps, type ResizedAxis } from "../../ops/nn/resampling.ts";
import type { ResamplingAxis } from "./kernels/resampling.ts";

/** The tables of one axis for the kernel: taps without weight are left out, and weights altogether where they are all 1. */
export function resamplingAxis(rule: ResamplingRule, axis: ResizedAxis): ResamplingAxis {
  const { input, output, scale } = axis;
  if (input === output && scale === 1) return { output, taps: 1, indices: Int32Array.from({ length: output }, (_, o) => o) };
  const all = resamplingTaps(rule, axis);
  const kept = Array.from({ length: output }, (_, o) => {
    const taps = Array.from({ length: all.taps }, (__, t) => o * all.taps + t).filter((at) => all.weights[at] !== 0);
    return taps.length > 0 ? taps : [o * all.taps];
  });
  const taps = kept.reduce((most, list) => Math.max(most, list.length), 1);
  const indices = new Int32Array(output * taps);
  const weights = new Float32Array(output * taps);
  for (const [o, list] of kept.entries())
    for (let t = 0; t < taps; t++) {
      // What an output has less than others is its last input again, with weight 0.
      indices[o * taps + t] = all.indices[list[Math.min(t, list.length - 1)]];
      weights[o * taps + t] = t < list.length ? all.weights[list[t]] : 0;
    }
  return { output, taps, indices, ...(taps > 1 && { weights }) };
}
