import { describe, expect, it } from "vitest";
import { add, exp as expOf, input as x, max, mul, sqrt } from "../../../model/scalar-expression.ts";
import { resamplingAxis } from "../resampling-axis.ts";
import { broadcastView, stridesOfOrder, type View } from "../../../lowering/view.ts";
import type { WindowAxis } from "./convolution-window.ts";
import { elementwiseKernel } from "./elementwise.ts";
import { meanVarianceKernel } from "./mean-variance.ts";
import { reductionKernel } from "./reduction.ts";
import { resamplingKernel } from "./resampling.ts";
import { kernelRunners, largestDifference, seededFloats } from "./kernel-runners.fixture.ts";
import { paddedChannels, slidingWindowKernel, windowReciprocals } from "./sliding-window.ts";
import { softmaxKernel } from "./softmax.ts";
import { transposingCopyKernel } from "./transposing-copy.ts";

const view = (shape: readonly number[], order: readonly number[] = shape.map((_, i) => i)): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides: stridesOfOrder(shape, order),
  element: "f32",
});
const nhwc = (shape: readonly number[]): View => view(shape, [0, 2, 3, 1]);
const at = (v: View, ...index: number[]): number => index.reduce((sum, i, d) => sum + i * v.strides[d], 0);
const sizeOf = (v: View): number => v.shape.reduce((n, d) => n * d, 1);

const windowCases = [
  { reduce: "multiplyAdd", channels: 20, size: [7, 9], kernel: 3, stride: 1, pad: 1, dilation: 1 },
  { reduce: "multiplyAdd", channels: 33, size: [12, 30], kernel: 5, stride: 2, pad: 2, dilation: 1 },
  { reduce: "multiplyAdd", channels: 3, size: [8, 8], kernel: 3, stride: 1, pad: 2, dilation: 2 },
  { reduce: "multiplyAdd", channels: 64, size: [25, 5], kernel: 3, stride: 1, pad: 1, dilation: 1 },
  { reduce: "max", channels: 18, size: [9, 11], kernel: 3, stride: 2, pad: 1, dilation: 1 },
  { reduce: "max", channels: 64, size: [6, 6], kernel: 2, stride: 2, pad: 0, dilation: 1 },
  { reduce: "mean", channels: 16, size: [6, 8], kernel: 2, stride: 2, pad: 0, dilation: 1 },
  { reduce: "meanInside", channels: 17, size: [7, 7], kernel: 3, stride: 1, pad: 1, dilation: 1 },
] as const;

describe.each(kernelRunners)("kernels for $name", ({ target, run }) => {
  it.each(windowCases)(
    "$reduce window of $kernel, stride $stride, $channels channels",
    ({ reduce, channels, size, kernel, stride, pad, dilation }) => {
      const axis = (input: number): WindowAxis => ({
        input,
        kernel,
        stride,
        dilation,
        pad,
        output: Math.floor((input + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1,
      });
      const [ay, ax] = size.map(axis);
      const input = nhwc([2, channels, ...size]);
      const output = nhwc([2, channels, ay.output, ax.output]);
      const source = seededFloats(sizeOf(input), 1);
      const padded = paddedChannels(channels, target);
      const weights = seededFloats(kernel * kernel * padded, 2);
      const bias = seededFloats(padded, 3);
      const result = new Float32Array(sizeOf(output));
      const extra = reduce === "multiplyAdd" ? [weights, bias] : reduce === "meanInside" ? [windowReciprocals(ay, ax)] : [];
      run(
        slidingWindowKernel(
          { input, output, y: ay, x: ax, reduce, threads: 2, epilogue: { expression: max(x(0), -0.5), inputs: [] } },
          target,
        ),
        [source, ...extra, result],
      );
      const expected = new Float32Array(result.length);
      for (let n = 0; n < 2; n++)
        for (let c = 0; c < channels; c++)
          for (let oy = 0; oy < ay.output; oy++)
            for (let ox = 0; ox < ax.output; ox++) {
              let value = reduce === "multiplyAdd" ? bias[c] : reduce === "max" ? -Infinity : 0;
              let inside = 0;
              for (let kh = 0; kh < kernel; kh++)
                for (let kw = 0; kw < kernel; kw++) {
                  const [iy, ix] = [oy * stride - pad + kh * dilation, ox * stride - pad + kw * dilation];
                  if (iy < 0 || ix < 0 || iy >= size[0] || ix >= size[1]) continue;
                  inside++;
                  const v = source[at(input, n, c, iy, ix)];
                  value =
                    reduce === "multiplyAdd"
                      ? value + v * weights[(kh * kernel + kw) * padded + c]
                      : reduce === "max"
                        ? Math.max(value, v)
                        : value + v;
                }
              if (reduce === "mean") value /= kernel * kernel;
              if (reduce === "meanInside") value /= inside;
              expected[at(output, n, c, oy, ox)] = Math.max(-0.5, value);
            }
      expect(largestDifference(result, expected)).toBeLessThan(1e-5);
    },
  );

  it("element-wise chains broadcast by strides", () => {
    const shape = [2, 5, 3, 7];
    const output = nhwc(shape);
    const inputs = [nhwc(shape), broadcastView(view([5, 1, 1]), shape), broadcastView(view([2, 5, 1, 1]), shape), view(shape)];
    const data = [seededFloats(210, 1), seededFloats(5, 2), seededFloats(10, 3), seededFloats(210, 4)];
    const result = new Float32Array(210);
    run(
      elementwiseKernel(
        {
          expression: add(mul(add(x(0), x(1)), x(2)), x(3)),
          inputs,
          output,
          threads: 2,
        },
        target,
      ),
      [...data, result],
    );
    for (let n = 0; n < 2; n++)
      for (let c = 0; c < 5; c++)
        for (let h = 0; h < 3; h++)
          for (let w = 0; w < 7; w++) {
            const [a, b, s, d] = inputs.map((v, i) => data[i][at(v, n, c, h, w)]);
            expect(result[at(output, n, c, h, w)]).toBeCloseTo((a + b) * s + d, 5);
          }
  });

  it.each([
    { shape: [2, 9, 5, 6], order: [0, 2, 3, 1] },
    { shape: [1, 64, 7, 7], order: [0, 2, 3, 1] },
    { shape: [33, 21], order: [1, 0] },
  ])("copies $shape between layouts by transposing blocks", ({ shape, order }) => {
    for (const [from, to] of [
      [view(shape), view(shape, order)],
      [view(shape, order), view(shape)],
    ] as const) {
      const source = seededFloats(sizeOf(from), 3);
      const result = new Float32Array(source.length);
      const kernel = transposingCopyKernel(from, to, 2, target);
      if (!kernel) throw new Error("no kernel");
      run(kernel, [source, result]);
      const visit = (index: readonly number[]): void => {
        if (index.length < shape.length) for (let i = 0; i < shape[index.length]; i++) visit([...index, i]);
        else expect(result[at(to, ...index)]).toBe(source[at(from, ...index)]);
      };
      visit([]);
    }
  });

  it("a long row is shared out as tasks with a tail", () => {
    const length = 100_003;
    const source = seededFloats(length, 5);
    const result = new Float32Array(length);
    const kernel = elementwiseKernel(
      {
        expression: expOf(x(0)),
        inputs: [view([length])],
        output: view([length]),
        threads: 2,
      },
      target,
    );
    expect(kernel.tasks).toBeGreaterThan(1);
    run(kernel, [source, result]);
    expect(largestDifference(result, source.map(Math.exp))).toBeLessThan(1e-6);
  });

  it.each([
    { axes: [2, 3], shape: [2, 19, 5, 6] },
    { axes: [1], shape: [2, 19, 5, 6] },
    { axes: [0, 1, 2, 3], shape: [1, 3, 4, 5] },
  ])("sums, maxima and products over $axes of $shape", ({ axes, shape }) => {
    const input = nhwc(shape);
    const output = nhwc(shape.map((d, i) => (axes.includes(i) ? 1 : d)));
    const source = seededFloats(sizeOf(input), 9);
    for (const combine of ["add", "max", "min", "mul"] as const) {
      const result = new Float32Array(sizeOf(output));
      run(
        reductionKernel(
          { input, output, axes, combine, threads: 2, ...(combine === "add" && { before: mul(x(0), x(0)), after: sqrt(x(0)) }) },
          target,
        ),
        [source, result],
      );
      const expected = new Float32Array(result.length).fill({ add: 0, max: -Infinity, min: Infinity, mul: 1 }[combine]);
      const fold = { add: (a: number, b: number) => a + b * b, max: Math.max, min: Math.min, mul: (a: number, b: number) => a * b }[
        combine
      ];
      for (let n = 0; n < shape[0]; n++)
        for (let c = 0; c < shape[1]; c++)
          for (let h = 0; h < shape[2]; h++)
            for (let w = 0; w < shape[3]; w++) {
              const to = at(output, ...[n, c, h, w].map((i, d) => (axes.includes(d) ? 0 : i)));
              expected[to] = fold(expected[to], source[at(input, n, c, h, w)]);
            }
      expect(largestDifference(result, combine === "add" ? expected.map(Math.sqrt) : expected)).toBeLessThan(1e-5);
    }
  });

  it.each([{ axis: 1 }, { axis: 2 }])("softmax and log-softmax over axis $axis", ({ axis }) => {
    const shape = [3, 13, 21];
    const input = view(shape);
    const source = seededFloats(sizeOf(input), 4).map((v) => v * 10);
    const other = 3 - axis;
    for (const logarithm of [false, true]) {
      const result = new Float32Array(source.length);
      run(softmaxKernel({ input, output: input, axis, logarithm, threads: 2 }, target), [source, result]);
      for (let n = 0; n < 3; n++)
        for (let j = 0; j < shape[other]; j++) {
          const places = Array.from({ length: shape[axis] }, (_, i) => (axis === 1 ? at(input, n, i, j) : at(input, n, j, i)));
          const most = Math.max(...places.map((p) => source[p]));
          const sum = places.reduce((s, p) => s + Math.exp(source[p] - most), 0);
          for (const p of places)
            expect(result[p]).toBeCloseTo(logarithm ? source[p] - most - Math.log(sum) : Math.exp(source[p] - most) / sum, 5);
        }
    }
  });

  it.each([
    { axes: [2], shape: [2, 5, 37] },
    { axes: [1], shape: [2, 40, 6] },
  ])("mean-variance normalization over $axes", ({ axes, shape }) => {
    const input = view(shape);
    const source = seededFloats(sizeOf(input), 8);
    const gamma = seededFloats(shape[2], 2);
    const result = new Float32Array(source.length);
    run(
      meanVarianceKernel(
        {
          input,
          output: input,
          axes,
          normalizeVariance: true,
          eps: 1e-5,
          epsMode: "inside",
          threads: 1,
          epilogue: { expression: mul(x(0), x(1)), inputs: [broadcastView(view([shape[2]]), shape)] },
        },
        target,
      ),
      [source, result, gamma],
    );
    const [axis] = axes;
    for (let n = 0; n < shape[0]; n++)
      for (let j = 0; j < shape[3 - axis]; j++) {
        const places = Array.from({ length: shape[axis] }, (_, i) => (axis === 1 ? at(input, n, i, j) : at(input, n, j, i)));
        const mean = places.reduce((s, p) => s + source[p], 0) / places.length;
        const variance = places.reduce((s, p) => s + (source[p] - mean) ** 2, 0) / places.length;
        for (const [i, p] of places.entries())
          expect(result[p]).toBeCloseTo(((source[p] - mean) / Math.sqrt(variance + 1e-5)) * gamma[axis === 2 ? i : j], 4);
      }
  });

  it("linear interpolation mixes four neighbours", () => {
    const rule = {
      mode: "linear_onnx",
      coordinateTransformation: "half_pixel",
      nearestMode: "floor",
      cubeCoefficient: -0.75,
      widened: false,
    } as const;
    const input = nhwc([1, 19, 3, 4]);
    const output = nhwc([1, 19, 7, 9]);
    const source = seededFloats(sizeOf(input), 6);
    const [ay, ax] = [
      resamplingAxis(rule, { input: 3, output: 7, scale: 7 / 3 }),
      resamplingAxis(rule, { input: 4, output: 9, scale: 9 / 4 }),
    ];
    const result = new Float32Array(sizeOf(output));
    run(resamplingKernel({ input, output, y: ay, x: ax, threads: 2 }, target), [
      source,
      ay.indices,
      ax.indices,
      ay.weights as Float32Array,
      ax.weights as Float32Array,
      result,
    ]);
    const weightAt = (o: number, inLength: number, outLength: number): { i: number; f: number } => {
      const p = Math.max(0, Math.min(inLength - 1, ((o + 0.5) * inLength) / outLength - 0.5));
      return { i: Math.min(Math.floor(p), inLength - 2), f: p - Math.min(Math.floor(p), inLength - 2) };
    };
    for (let c = 0; c < 19; c++)
      for (let oy = 0; oy < 7; oy++)
        for (let ox = 0; ox < 9; ox++) {
          const [py, px] = [weightAt(oy, 3, 7), weightAt(ox, 4, 9)];
          const v = (dy: number, dx: number): number => source[at(input, 0, c, py.i + dy, px.i + dx)];
          const expected = (1 - py.f) * ((1 - px.f) * v(0, 0) + px.f * v(0, 1)) + py.f * ((1 - px.f) * v(1, 0) + px.f * v(1, 1));
          expect(result[at(output, 0, c, oy, ox)]).toBeCloseTo(expected, 5);
        }
  });
});
