import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { type ElementType, elementTypes, isFloat } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { type NumberArray, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "../movement/raw-elements.ts";
import { copySeparable, offsetTable } from "../movement/separable-copy.ts";
import { nearestPosition, type ResamplingRule, type ResamplingTaps, resamplingTaps, type ResizedAxis } from "./resampling.ts";
import { roundHalfAway } from "./rounding.ts";

/** The axes of a tensor that are resized, each with its place in the shape. */
export interface Resizing extends ResizedAxis {
  readonly axis: number;
}

/** Resizes axes of a tensor, one after the other; sums are float64. */
export function resizeTensor(data: Tensor, rule: ResamplingRule, axes: readonly Resizing[]): Tensor {
  const outputShape = [...data.shape];
  for (const { axis, output } of axes) outputShape[axis] = output;
  if (rule.mode === "nearest") return resizeNearest(data, rule, axes, outputShape);
  const pillow = rule.mode === "bilinear_pillow" || rule.mode === "bicubic_pillow";
  const round = rounding(data.elementType, rule.mode);
  let shape = [...data.shape];
  let numbers: NumberArray = tensorNumbers(data);
  // Pillow resizes rows first and rounds in between.
  for (const resizing of pillow ? [...axes].reverse() : axes) {
    if (resizing.input === resizing.output && (pillow || resizing.scale === 1)) continue;
    numbers = resizeAxis(numbers, shape, resizing.axis, resizing.output, () => resamplingTaps(rule, resizing));
    shape = shape.map((d, i) => (i === resizing.axis ? resizing.output : d));
    if (pillow && round) numbers = numbers.map(round);
  }
  return tensorOfNumbers(data.elementType, outputShape, round && !pillow ? numbers.map(round) : numbers);
}

/** How results become integers: modes `linear` and Pillow's round, the others cut off; all stay in the type's range. */
function rounding(type: ElementType, mode: ResamplingRule["mode"]): ((x: number) => number) | undefined {
  if (isFloat(type)) return undefined;
  const { bits, kind } = elementTypes[type];
  const [least, most] = kind === "signed" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  // Coordinates are binary32, so what should be whole may fall short of it: that must not be cut off.
  const cutOff = (x: number): number => (Math.abs(x - Math.round(x)) < 2 ** -10 ? Math.round(x) : Math.trunc(x));
  const toInteger = mode === "linear_onnx" || mode === "cubic" ? cutOff : roundHalfAway;
  return (x) => Math.min(most, Math.max(least, toInteger(x)));
}

function resizeNearest(data: Tensor, rule: ResamplingRule, axes: readonly Resizing[], shape: readonly number[]): Tensor {
  const raw = allocateRaw(data.elementType, shapeSize(shape));
  const strides = rowMajorStrides(data.shape);
  const tables = shape.map((length, axis) => {
    const resizing = axes.find((a) => a.axis === axis);
    return offsetTable(length, strides[axis], resizing ? (p) => nearestPosition(rule, resizing, p) : (p) => p);
  });
  if (raw.length > 0 && data.size > 0) copySeparable(tables, rawElements(data), raw);
  return tensorOfRaw(data.elementType, shape, raw);
}

function resizeAxis(from: NumberArray, shape: readonly number[], axis: number, output: number, tapsOf: () => ResamplingTaps): Float64Array {
  const inner = shapeSize(shape.slice(axis + 1));
  const outer = shapeSize(shape.slice(0, axis));
  const to = allocateArray(Float64Array, outer * output * inner);
  // Nothing enlarged is zeros.
  if (from.length === 0) return to;
  const { taps, indices, weights } = tapsOf();
  for (let o = 0; o < outer; o++)
    for (let position = 0; position < output; position++) {
      const target = (o * output + position) * inner;
      for (let k = position * taps; k < (position + 1) * taps; k++) {
        const weight = weights[k];
        if (weight === 0) continue;
        const source = (o * shape[axis] + indices[k]) * inner;
        for (let i = 0; i < inner; i++) to[target + i] += weight * from[source + i];
      }
    }
  return to;
}
