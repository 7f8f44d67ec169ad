import type { WeightNumbers } from "../weight-numbers.ts";

/** How a kernel reads weights: [group][block][kernel y][kernel x][input channel][channel of the block], blocks filled up with zeros. */
export interface PackedLayout {
  readonly groups: number;
  /** Output channels of a group, of all its kernels. */
  readonly outputs: number;
  readonly inputs: number;
  readonly y: number;
  readonly x: number;
  /** The run of output channels that is packed, and how many lie side by side. */
  readonly firstChannel: number;
  readonly channels: number;
  readonly block: number;
  readonly blocks: number;
}

/** Source elements of a row that are moved before the next row's: a cache line of each row, and what they are moved to, stay in cache. */
const runLength = 16;

/** Packs weights into zeros, factors applied. Each is read once, and written where the kernel wants it. */
export function packWeights(to: Float32Array, layout: PackedLayout, weights: WeightNumbers): void {
  const { groups, outputs, inputs, y, x, firstChannel, channels, block, blocks } = layout;
  const { numbers, offset, strides, outputScales, inputScales } = weights;
  const taps = y * x;
  const scales = outputScales ?? new Float32Array(groups * outputs).fill(1);
  const chunk = Math.min(inputs, Math.max(1, taps === 1 ? runLength : Math.round((4 * runLength) / taps)));
  for (let g = 0; g < groups; g++)
    for (let b = 0; b < blocks; b++) {
      const first = firstChannel + b * block;
      const used = Math.min(block, channels - b * block);
      const begin = (g * blocks + b) * taps * inputs * block;
      const from = offset + g * strides[0] + first * strides[1];
      for (let i = 0; i < inputs; i += chunk) {
        const count = Math.min(chunk, inputs - i);
        for (let t = 0; t < taps; t++) {
          const at = begin + (t * inputs + i) * block;
          const source = from + i * strides[2] + Math.floor(t / x) * strides[3] + (t % x) * strides[4];
          if (strides[1] === 1) copyChannels(to, at, block, numbers, source, strides[2], count, used, scales, g * outputs + first);
          else copyRows(to, at, block, numbers, source, strides[2], count, strides[1], used, scales, g * outputs + first);
        }
      }
      if (inputScales) scaleInputs(to, begin, taps, inputs, block, inputScales, g * inputs);
    }
}

/** Output channels one after the other, each a run of input channels. */
function copyRows(
  to: Float32Array,
  at: number,
  block: number,
  from: Float32Array,
  source: number,
  stride: number,
  count: number,
  rowStride: number,
  rows: number,
  scales: Float32Array,
  firstScale: number,
): void {
  for (let o = 0; o < rows; o++) {
    const scale = scales[firstScale + o];
    let f = source + o * rowStride;
    for (let t = at + o, end = t + count * block; t < end; t += block, f += stride) to[t] = from[f] * scale;
  }
}

/** Input channels one after the other, each a run of output channels: they lie side by side in the source too. */
function copyChannels(
  to: Float32Array,
  at: number,
  block: number,
  from: Float32Array,
  source: number,
  stride: number,
  count: number,
  channels: number,
  scales: Float32Array,
  firstScale: number,
): void {
  for (let i = 0; i < count; i++) {
    const t = at + i * block;
    const f = source + i * stride;
    for (let o = 0; o < channels; o++) to[t + o] = from[f + o] * scales[firstScale + o];
  }
}

function scaleInputs(
  to: Float32Array,
  begin: number,
  taps: number,
  inputs: number,
  block: number,
  scales: Float32Array,
  first: number,
): void {
  for (let t = 0; t < taps; t++)
    for (let i = 0; i < inputs; i++) {
      const scale = scales[first + i];
      for (let at = begin + (t * inputs + i) * block, end = at + block; at < end; at++) to[at] *= scale;
    }
}

/** Packs the weights of a depthwise convolution, one input and output channel a group, into zeros: [kernel y][kernel x][padded channels]. */
export function packDepthwiseWeights(
  to: Float32Array,
  { channels, padded, y, x }: { readonly channels: number; readonly padded: number; readonly y: number; readonly x: number },
  { numbers, offset, strides, outputScales, inputScales }: WeightNumbers,
): void {
  for (let t = 0; t < y * x; t++) {
    let f = offset + Math.floor(t / x) * strides[3] + (t % x) * strides[4];
    for (let c = 0; c < channels; c++, f += strides[0])
      to[t * padded + c] = numbers[f] * (outputScales?.[c] ?? 1) * (inputScales?.[c] ?? 1);
  }
}
