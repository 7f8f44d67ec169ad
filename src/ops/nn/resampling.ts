import { allocateArray } from "../../tensor/allocate-array.ts";
import { roundHalfAway } from "./rounding.ts";

/** What of an Interpolate decides which elements of an axis an output position is made of; values as in the IR. */
export interface ResamplingRule {
  readonly mode: "nearest" | "linear" | "linear_onnx" | "cubic" | "bilinear_pillow" | "bicubic_pillow";
  readonly coordinateTransformation: "half_pixel" | "pytorch_half_pixel" | "asymmetric" | "tf_half_pixel_for_nn" | "align_corners";
  readonly nearestMode: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil" | "simple";
  readonly cubeCoefficient: number;
  /** Mode `linear`: widen the triangle by 1 / scale. Set where `antialias` is given and some axis gets shorter. */
  readonly widened: boolean;
}

/** One resized axis. `scale` is output / input, or what the operation was given. */
export interface ResizedAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
}

/** For each output position `taps` input positions and their weights. */
export interface ResamplingTaps {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

const f32 = Math.fround;

/**
 * Output position to input coordinate. In binary32 like OpenVINO's own, because the nearest element of a coordinate in the
 * middle depends on the rounding.
 */
function coordinate(rule: ResamplingRule, x: number, { input, output, scale }: ResizedAxis): number {
  const ratio = f32(scale);
  if (ratio === 1 || input === output) return x;
  switch (rule.coordinateTransformation) {
    case "asymmetric":
      return f32(x / ratio);
    case "align_corners":
      return output === 1 ? 0 : f32(f32(x * (input - 1)) / (output - 1));
    case "tf_half_pixel_for_nn":
      return f32((x + 0.5) / ratio);
    case "pytorch_half_pixel":
      return output > 1 ? f32(f32((x + 0.5) / ratio) - 0.5) : 0;
    case "half_pixel":
      return f32(f32((x + 0.5) / ratio) - 0.5);
  }
}

function nearest({ nearestMode }: ResamplingRule, x: number, scale: number): number {
  switch (nearestMode) {
    case "round_prefer_floor":
      return x === Math.trunc(x) + 0.5 ? Math.floor(x) : roundHalfAway(x);
    case "round_prefer_ceil":
      return roundHalfAway(x);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "simple":
      return scale < 1 ? Math.ceil(x) : Math.trunc(x);
  }
}

const clamp = (i: number, length: number): number => Math.max(0, Math.min(length - 1, i));

/** Mode `nearest`: the input position of an output position. */
export const nearestPosition = (rule: ResamplingRule, axis: ResizedAxis, position: number): number =>
  clamp(nearest(rule, coordinate(rule, position, axis), axis.scale), axis.input);

type Tap = readonly [index: number, weight: number];

/** The two neighbours of a coordinate, which is clamped to the axis. */
function linearTaps(x: number, input: number): Tap[] {
  const at = Math.max(0, Math.min(x, input - 1));
  const first = Math.floor(at);
  return [
    [first, 1 - (at - first)],
    [clamp(first + 1, input), at - first],
  ];
}

/** A triangle around the coordinate over the elements that there are, its weights made to sum to 1. */
function triangleTaps(x: number, { input, scale }: ResizedAxis, widened: boolean): Tap[] {
  const slope = widened ? scale : 1;
  const radius = scale > 1 ? 2 : Math.ceil(2 / slope);
  const middle = roundHalfAway(x);
  const taps: Tap[] = [];
  for (let i = Math.max(0, middle - radius); i <= Math.min(input - 1, middle + radius); i++)
    taps.push([i, Math.max(0, 1 - Math.abs(slope * (x - i)))]);
  return normalized(taps);
}

function normalized(taps: readonly Tap[]): Tap[] {
  const sum = taps.reduce((total, [, w]) => total + w, 0);
  return sum === 0 ? [...taps] : taps.map(([i, w]) => [i, w / sum]);
}

/** Keys' cubic convolution with coefficient `a` (R. Keys, 1981), at a distance. */
function cubicWeight(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

function cubicTaps(x: number, input: number, a: number): Tap[] {
  const first = Math.floor(x);
  return [-1, 0, 1, 2].map((offset) => [clamp(first + offset, input), cubicWeight(x - first - offset, a)]);
}

/** Pillow's resampling: the filter is as wide as an output element where the axis gets shorter (Pillow 9, Resample.c). */
function pillowTaps(position: number, { input, output }: ResizedAxis, support: number, filter: (distance: number) => number): Tap[] {
  const scale = input / output;
  const width = Math.max(1, scale);
  const center = (position + 0.5) * scale;
  const first = Math.max(0, Math.trunc(center - support * width + 0.5));
  const end = Math.min(input, Math.trunc(center + support * width + 0.5));
  return normalized(
    Array.from({ length: Math.max(0, end - first) }, (_, k): Tap => [first + k, filter((first + k - center + 0.5) / width)]),
  );
}

function tapsAt(rule: ResamplingRule, position: number, axis: ResizedAxis): Tap[] {
  switch (rule.mode) {
    case "nearest":
      return [[nearestPosition(rule, axis, position), 1]];
    case "linear_onnx":
      return linearTaps(coordinate(rule, position, axis), axis.input);
    case "linear":
      return triangleTaps(coordinate(rule, position, axis), axis, rule.widened);
    case "cubic":
      return cubicTaps(coordinate(rule, position, axis), axis.input, rule.cubeCoefficient);
    case "bilinear_pillow":
      return pillowTaps(position, axis, 1, (d) => Math.max(0, 1 - Math.abs(d)));
    case "bicubic_pillow":
      return pillowTaps(position, axis, 2, (d) => cubicWeight(d, rule.cubeCoefficient));
  }
}

/** The taps of every output position of an axis; positions with fewer taps than others have weights of 0 at the end. */
export function resamplingTaps(rule: ResamplingRule, axis: ResizedAxis): ResamplingTaps {
  // Computed twice: lists of all positions at once would take a hundred times the tables' memory.
  let taps = 1;
  for (let o = 0; o < axis.output; o++) taps = Math.max(taps, tapsAt(rule, o, axis).length);
  const indices = allocateArray(Int32Array, axis.output * taps);
  const weights = allocateArray(Float64Array, axis.output * taps);
  for (let o = 0; o < axis.output; o++)
    for (const [k, [index, weight]] of tapsAt(rule, o, axis).entries()) {
      indices[o * taps + k] = index;
      weights[o * taps + k] = weight;
    }
  return { taps, indices, weights };
}
