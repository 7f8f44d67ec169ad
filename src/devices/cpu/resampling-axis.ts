import type { ResamplingAxis } from "./kernels/resampling.ts";

/** What of an Interpolate operation decides the taps of one axis; values as in the IR. */
export interface ResamplingRule {
  readonly mode: string;
  readonly coordinateTransformation: string;
  readonly nearestMode: string;
  readonly cubeCoefficient: number;
}

/** Output position to input coordinate (OpenVINO's Interpolate-4, coordinate_transformation_mode). */
function coordinate(rule: ResamplingRule, x: number, scale: number, input: number, output: number): number {
  switch (rule.coordinateTransformation) {
    case "asymmetric":
      return x / scale;
    case "align_corners":
      return output === 1 ? 0 : (x * (input - 1)) / (output - 1);
    case "pytorch_half_pixel":
      return output > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (x + 0.5) / scale;
    default:
      return (x + 0.5) / scale - 0.5;
  }
}

function nearest(rule: ResamplingRule, x: number, downsample: boolean): number {
  switch (rule.nearestMode) {
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "simple":
      return downsample ? Math.ceil(x) : Math.floor(x);
    default:
      return x === Math.floor(x) + 0.5 ? Math.floor(x) : Math.round(x);
  }
}

/** Keys' cubic convolution at the distances 1 + f, f, 1 - f, 2 - f. */
function cubicWeights(f: number, a: number): number[] {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + f), near(f), near(1 - f), far(2 - f)];
}

/** The taps of every output position of one axis. `scale` is output / input, or what the operation was given. */
export function resamplingAxis(rule: ResamplingRule, input: number, output: number, scale: number): ResamplingAxis {
  const clamp = (i: number): number => Math.max(0, Math.min(input - 1, i));
  const positions = Array.from({ length: output }, (_, x) => coordinate(rule, x, scale, input, output));
  if (input === output && scale === 1) return { output, taps: 1, indices: Int32Array.from(positions, (_, x) => x) };
  if (rule.mode === "nearest") return { output, taps: 1, indices: Int32Array.from(positions, (x) => clamp(nearest(rule, x, scale < 1))) };
  if (rule.mode === "cubic") {
    const taps = positions.map((x) => ({ first: Math.floor(x) - 1, weights: cubicWeights(x - Math.floor(x), rule.cubeCoefficient) }));
    return {
      output,
      taps: 4,
      indices: Int32Array.from(taps.flatMap((t) => [0, 1, 2, 3].map((i) => clamp(t.first + i)))),
      weights: Float32Array.from(taps.flatMap((t) => t.weights)),
    };
  }
  const taps = positions.map((p) => {
    const x = Math.max(0, Math.min(input - 1, p));
    const first = Math.min(Math.floor(x), input - 1);
    return { first, fraction: x - first };
  });
  return {
    output,
    taps: 2,
    indices: Int32Array.from(taps.flatMap((t) => [t.first, clamp(t.first + 1)])),
    weights: Float32Array.from(taps.flatMap((t) => [1 - t.fraction, t.fraction])),
  };
}
