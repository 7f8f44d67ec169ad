import { rowMajorStrides } from "../../common/shape.ts";
import { broadcastStrides, ScaledTensor } from "../../tensor/scaled-tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorToFloat32 } from "./host-tensor.ts";

/** Weights as they are packed: [group][output][input][kernel y][kernel x] by strides, and factors that are applied on the way. */
export interface WeightNumbers {
  readonly numbers: Float32Array;
  readonly offset: number;
  readonly strides: WeightStrides;
  /** One for each output channel of all groups. */
  readonly outputScales?: Float32Array;
  /** One for each input channel of all groups. */
  readonly inputScales?: Float32Array;
}

/** Of group, output channel, input channel, kernel row, kernel column. */
export type WeightStrides = readonly [group: number, output: number, input: number, y: number, x: number];

/** Which axes of a tensor are what; those that are missing have one place. */
export interface WeightAxes {
  readonly group?: number;
  readonly output?: number;
  readonly input: number;
  readonly y?: Taps;
  readonly x?: Taps;
}

/** The places along an axis that are taken, in order: first, first + step, ... */
export interface Taps {
  readonly axis: number;
  readonly first?: number;
  readonly step?: number;
}

/** Dense weights. */
export const denseWeights = (numbers: Float32Array, outputs: number, inputs: number, y: number, x: number): WeightNumbers => ({
  numbers,
  offset: 0,
  strides: [outputs * inputs * y * x, inputs * y * x, y * x, x, 1],
});

/** A constant's numbers, with the factors that it carries apart where they are of channels. Large data is made for this reader alone. */
export function weightNumbers(tensor: Tensor, axes: WeightAxes): WeightNumbers {
  const { shape } = tensor;
  const place = (of: readonly number[]): WeightStrides => [
    strideAt(of, axes.group),
    strideAt(of, axes.output),
    strideAt(of, axes.input),
    strideAt(of, axes.y?.axis) * (axes.y?.step ?? 1),
    strideAt(of, axes.x?.axis) * (axes.x?.step ?? 1),
  ];
  const own = rowMajorStrides(shape);
  const offset = [axes.y, axes.x].reduce((sum, taps) => sum + (taps?.first ?? 0) * strideAt(own, taps?.axis), 0);
  const plain = { offset, strides: place(own) };
  if (!(tensor instanceof ScaledTensor)) return { ...plain, numbers: tensorToFloat32(tensor, "once") };
  const factors = tensor.factors.map((factor) => ({
    data: factor.data as Float32Array,
    strides: place(broadcastStrides(factor, shape.length)),
  }));
  if (!factors.every(({ strides: [, output, input, y, x] }) => y === 0 && x === 0 && (output === 0 || input === 0)))
    return { ...plain, numbers: tensorToFloat32(tensor, "once") };
  const lengthOf = (axis: number | undefined): number => (axis === undefined ? 1 : shape[axis]);
  const groups = lengthOf(axes.group);
  /** The product of the factors of a side, for each of its channels. */
  const scales = (side: typeof factors, channels: number, axis: 1 | 2): Float32Array => {
    const out = new Float32Array(groups * channels).fill(1);
    for (const { data, strides } of side)
      for (let g = 0; g < groups; g++) for (let c = 0; c < channels; c++) out[g * channels + c] *= data[g * strides[0] + c * strides[axis]];
    return out;
  };
  const ofInputs = factors.filter(({ strides }) => strides[2] !== 0);
  const ofOutputs = factors.filter(({ strides }) => strides[2] === 0);
  return {
    ...plain,
    numbers: tensorToFloat32(tensor.base, "once"),
    ...(ofOutputs.length > 0 && { outputScales: scales(ofOutputs, lengthOf(axes.output), 1) }),
    ...(ofInputs.length > 0 && { inputScales: scales(ofInputs, lengthOf(axes.input), 2) }),
  };
}

const strideAt = (strides: readonly number[], axis: number | undefined): number => (axis === undefined ? 0 : strides[axis]);
