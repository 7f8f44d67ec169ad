import type { NumberArray } from "../../tensor/tensor-numbers.ts";
import type { SpatialAxis } from "./spatial-geometry.ts";

/** Output channels that are summed together: each input element is then read once for four products. */
const blockChannels = 4;
/** Partial sums of one channel that stay in the first-level cache. */
const blockElements = 1024;

/** First and one past the last position `p` in [0, count) for which 0 <= p * step + shift < length. */
function validRange(count: number, step: number, shift: number, length: number): readonly [number, number] {
  const first = Math.max(0, Math.ceil(-shift / step));
  const last = Math.min(count, Math.ceil((length - shift) / step));
  return [first, Math.max(first, last)];
}

/** Sums four rows at once: row `r` of `sums` (which are `stride` apart) gets `weight r` times the input elements. */
function addProducts(
  sums: Float64Array,
  at: number,
  step: number,
  stride: number,
  input: NumberArray,
  from: number,
  fromStep: number,
  length: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): void {
  const b = at + stride;
  const c = b + stride;
  const d = c + stride;
  for (let k = 0, o = 0, i = from; k < length; k++, o += step, i += fromStep) {
    const x = input[i];
    sums[at + o] += w0 * x;
    sums[b + o] += w1 * x;
    sums[c + o] += w2 * x;
    sums[d + o] += w3 * x;
  }
}

/** The same for one row. */
function addProduct(
  sums: Float64Array,
  at: number,
  step: number,
  input: NumberArray,
  from: number,
  fromStep: number,
  length: number,
  weight: number,
): void {
  for (let k = 0, o = at, i = from; k < length; k++, o += step, i += fromStep) sums[o] += weight * input[i];
}

/** Rounds the sums of `channels` rows into the output, where rows are `rowLength` apart and `begin` elements in. */
function storeSums(
  sums: Float64Array,
  stride: number,
  channels: number,
  count: number,
  output: NumberArray,
  base: number,
  rowLength: number,
): void {
  for (let c = 0; c < channels; c++) {
    const from = c * stride;
    const to = base + c * rowLength;
    for (let k = 0; k < count; k++) output[to + k] = sums[from + k];
  }
}

/** Where the operands of one batch item and group lie, in elements. */
interface ChannelSumPlace {
  readonly inputOffset: number;
  readonly outputOffset: number;
  readonly weightOffset: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
}

/**
 * Matrix product output[m, n] = sum over k of weights[m, k] * input[k, n], summed in float64. Row-major; the strides of
 * `weights` along m and k are given, so that it may be read transposed.
 */
export function multiplyMatrices(
  weights: NumberArray,
  weightStrides: readonly [number, number],
  input: NumberArray,
  columns: number,
  output: NumberArray,
  place: ChannelSumPlace,
): void {
  const { inputChannels, outputChannels } = place;
  const [rowStride, depthStride] = weightStrides;
  const width = Math.min(columns, blockElements);
  const sums = new Float64Array(width * blockChannels);
  for (let column = 0; column < columns; column += width) {
    const count = Math.min(width, columns - column);
    for (let m = 0; m < outputChannels; m += blockChannels) {
      const rows = Math.min(blockChannels, outputChannels - m);
      sums.fill(0);
      for (let k = 0; k < inputChannels; k++) {
        const w = place.weightOffset + m * rowStride + k * depthStride;
        const from = place.inputOffset + k * columns + column;
        if (rows === blockChannels)
          addProducts(
            sums,
            0,
            1,
            width,
            input,
            from,
            1,
            count,
            weights[w],
            weights[w + rowStride],
            weights[w + 2 * rowStride],
            weights[w + 3 * rowStride],
          );
        else for (let r = 0; r < rows; r++) addProduct(sums, r * width, 1, input, from, 1, count, weights[w + r * rowStride]);
      }
      storeSums(sums, width, rows, count, output, place.outputOffset + m * columns + column, columns);
    }
  }
}

/**
 * One batch item and group of a convolution over three spatial axes. Weights are [output channel, input channel, taps].
 */
export function convolveGroup(
  input: NumberArray,
  weights: NumberArray,
  output: NumberArray,
  axes: readonly [SpatialAxis, SpatialAxis, SpatialAxis],
  place: ChannelSumPlace,
): void {
  const [z, y, x] = axes;
  const taps = z.kernel * y.kernel * x.kernel;
  const inputSize = z.input * y.input * x.input;
  const outputSize = z.output * y.output * x.output;
  const rowsPerBlock = Math.max(1, Math.min(y.output, Math.floor(blockElements / x.output)));
  const stride = rowsPerBlock * x.output;
  const sums = new Float64Array(stride * blockChannels);
  const channelWeights = place.inputChannels * taps;
  const columns = Array.from({ length: x.kernel }, (_, k) => validRange(x.output, x.stride, k * x.dilation - x.padBegin, x.input));
  for (let m = 0; m < place.outputChannels; m += blockChannels) {
    const channels = Math.min(blockChannels, place.outputChannels - m);
    for (let oz = 0; oz < z.output; oz++)
      for (let top = 0; top < y.output; top += rowsPerBlock) {
        const rows = Math.min(rowsPerBlock, y.output - top);
        sums.fill(0);
        for (let c = 0; c < place.inputChannels; c++)
          for (let kz = 0; kz < z.kernel; kz++) {
            const iz = oz * z.stride - z.padBegin + kz * z.dilation;
            if (iz < 0 || iz >= z.input) continue;
            const plane = place.inputOffset + c * inputSize + iz * y.input * x.input;
            for (let ky = 0; ky < y.kernel; ky++)
              for (let kx = 0; kx < x.kernel; kx++) {
                const w = place.weightOffset + m * channelWeights + c * taps + (kz * y.kernel + ky) * x.kernel + kx;
                const [first, last] = columns[kx];
                const start = first * x.stride - x.padBegin + kx * x.dilation;
                const w0 = weights[w];
                const w1 = channels > 1 ? weights[w + channelWeights] : 0;
                const w2 = channels > 2 ? weights[w + 2 * channelWeights] : 0;
                const w3 = channels > 3 ? weights[w + 3 * channelWeights] : 0;
                for (let row = 0; row < rows; row++) {
                  const iy = (top + row) * y.stride - y.padBegin + ky * y.dilation;
                  if (iy < 0 || iy >= y.input) continue;
                  const at = row * x.output + first;
                  const from = plane + iy * x.input + start;
                  if (channels === 1) addProduct(sums, at, 1, input, from, x.stride, last - first, w0);
                  else addProducts(sums, at, 1, stride, input, from, x.stride, last - first, w0, w1, w2, w3);
                }
              }
          }
        storeSums(
          sums,
          stride,
          channels,
          rows * x.output,
          output,
          place.outputOffset + m * outputSize + (oz * y.output + top) * x.output,
          outputSize,
        );
      }
  }
}

/**
 * One batch item and group of a transposed convolution over three spatial axes: every input element adds its products with
 * the taps to the output. Weights are [input channel, output channel, taps]. Sums are float64.
 */
export function convolveTransposedGroup(
  input: NumberArray,
  weights: NumberArray,
  output: NumberArray,
  axes: readonly [SpatialAxis, SpatialAxis, SpatialAxis],
  place: ChannelSumPlace,
): void {
  const [z, y, x] = axes;
  const taps = z.kernel * y.kernel * x.kernel;
  const inputSize = z.input * y.input * x.input;
  const outputSize = z.output * y.output * x.output;
  const sums = new Float64Array(outputSize * Math.min(blockChannels, place.outputChannels));
  const columns = Array.from({ length: x.kernel }, (_, k) => validRange(x.input, x.stride, k * x.dilation - x.padBegin, x.output));
  for (let m = 0; m < place.outputChannels; m += blockChannels) {
    const channels = Math.min(blockChannels, place.outputChannels - m);
    sums.fill(0);
    for (let c = 0; c < place.inputChannels; c++)
      for (let kz = 0; kz < z.kernel; kz++)
        for (let ky = 0; ky < y.kernel; ky++)
          for (let kx = 0; kx < x.kernel; kx++) {
            const w = place.weightOffset + (c * place.outputChannels + m) * taps + (kz * y.kernel + ky) * x.kernel + kx;
            const [first, last] = columns[kx];
            const start = first * x.stride - x.padBegin + kx * x.dilation;
            for (let iz = 0; iz < z.input; iz++) {
              const oz = iz * z.stride - z.padBegin + kz * z.dilation;
              if (oz < 0 || oz >= z.output) continue;
              for (let iy = 0; iy < y.input; iy++) {
                const oy = iy * y.stride - y.padBegin + ky * y.dilation;
                if (oy < 0 || oy >= y.output) continue;
                const from = place.inputOffset + c * inputSize + (iz * y.input + iy) * x.input + first;
                const at = (oz * y.output + oy) * x.output + start;
                if (channels === blockChannels)
                  addProducts(
                    sums,
                    at,
                    x.stride,
                    outputSize,
                    input,
                    from,
                    1,
                    last - first,
                    weights[w],
                    weights[w + taps],
                    weights[w + 2 * taps],
                    weights[w + 3 * taps],
                  );
                else
                  for (let r = 0; r < channels; r++)
                    addProduct(sums, at + r * outputSize, x.stride, input, from, 1, last - first, weights[w + r * taps]);
              }
            }
          }
    storeSums(sums, outputSize, channels, outputSize, output, place.outputOffset + m * outputSize, outputSize);
  }
}
