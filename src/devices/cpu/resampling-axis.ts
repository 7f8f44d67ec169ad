import { type ResamplingRule, type ResamplingTaps, resamplingTaps, type ResizedAxis } from "../../ops/nn/resampling.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import type { ResamplingAxis } from "./kernels/resampling.ts";

/** Where the taps of an output stand that have weight; one without is the first. */
function keptTaps({ taps, weights }: ResamplingTaps, output: number): number[] {
  const kept: number[] = [];
  for (let at = output * taps; at < (output + 1) * taps; at++) if (weights[at] !== 0) kept.push(at);
  return kept.length > 0 ? kept : [output * taps];
}

/** The tables of one axis for the kernel: taps without weight are left out, and weights altogether where they are all 1. */
export function resamplingAxis(rule: ResamplingRule, axis: ResizedAxis): ResamplingAxis {
  const { input, output, scale } = axis;
  if (input === output && scale === 1) return { output, taps: 1, indices: allocateArray(Int32Array, output).map((_, o) => o) };
  const all = resamplingTaps(rule, axis);
  let taps = 1;
  for (let o = 0; o < output; o++) taps = Math.max(taps, keptTaps(all, o).length);
  const indices = allocateArray(Int32Array, output * taps);
  const weights = allocateArray(Float32Array, output * taps);
  for (let o = 0; o < output; o++) {
    const kept = keptTaps(all, o);
    for (let t = 0; t < taps; t++) {
      // What an output has less than others is its last input again, with weight 0.
      indices[o * taps + t] = all.indices[kept[Math.min(t, kept.length - 1)]];
      weights[o * taps + t] = t < kept.length ? all.weights[kept[t]] : 0;
    }
  }
  return { output, taps, indices, ...(taps > 1 && { weights }) };
}
