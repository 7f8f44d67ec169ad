import { expect, it } from "vitest";
import type { Kernel } from "../../../kernel/kernel.ts";
import { printKernel } from "../../../kernel/print-kernel.ts";
import { targets } from "../../../kernel/targets.fixture.ts";
import { broadcastView, stridesOfOrder, type View } from "../../../lowering/view.ts";
import type { ViewElement } from "../../../lowering/view-element.ts";
import { add, constant, input as x, max, mul } from "../../../model/scalar-expression.ts";
import { resamplingAxis } from "../resampling-axis.ts";
import { convolutionKernels, type ConvolutionProblem } from "./convolution.ts";
import type { WindowAxis } from "./convolution-window.ts";
import { copyKernel } from "./copy.ts";
import { elementwiseKernel } from "./elementwise.ts";
import { meanVarianceKernel } from "./mean-variance.ts";
import { recurrentStepKernel } from "./recurrent-step.ts";
import { reductionKernel } from "./reduction.ts";
import { resamplingKernel } from "./resampling.ts";
import { slidingWindowKernel, type SlidingWindowProblem } from "./sliding-window.ts";
import { softmaxKernel } from "./softmax.ts";

/** The text of small kernels: what a change does to the code of each shows in a review. Update with `vitest -u`. */
const target = targets["wasm-simd"];
const threads = 1;
const view = (shape: readonly number[], order: readonly number[] = shape.map((_, i) => i), element: ViewElement = "f32"): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides: stridesOfOrder(shape, order),
  element,
});
const nhwc = (shape: readonly number[]): View => view(shape, [0, 2, 3, 1]);
/** [batch, groups, channels, height, width], channels last. */
const grouped = (shape: readonly number[]): View => view(shape, [0, 3, 4, 1, 2]);
const axis = (input: number, kernel: number, stride: number, pad: number): WindowAxis => ({
  input,
  output: Math.floor((input + 2 * pad - kernel) / stride) + 1,
  kernel,
  stride,
  dilation: 1,
  pad,
});
const convolution = (channels: number, outputs: number, y: WindowAxis, xs: WindowAxis, more: Partial<ConvolutionProblem> = {}): Kernel =>
  convolutionKernels(
    {
      input: grouped([1, 1, channels, y.input, xs.input]),
      output: grouped([1, 1, outputs, y.output, xs.output]),
      y,
      x: xs,
      bias: true,
      threads,
      ...more,
    },
    target,
  )[0].kernel;
const window = (reduce: SlidingWindowProblem["reduce"], channels: number, y: WindowAxis, xs: WindowAxis): Kernel =>
  slidingWindowKernel(
    { input: nhwc([1, channels, y.input, xs.input]), output: nhwc([1, channels, y.output, xs.output]), y, x: xs, reduce, threads },
    target,
  );
const linear = (input: number, output: number) =>
  resamplingAxis(
    {
      mode: "linear_onnx",
      coordinateTransformation: "half_pixel",
      nearestMode: "round_prefer_floor",
      cubeCoefficient: -0.75,
      widened: false,
    },
    { input, output, scale: output / input },
  );

const kernels: Readonly<Record<string, () => Kernel>> = {
  "element-wise": () =>
    elementwiseKernel(
      {
        expression: max(add(x(0), x(1)), constant(0)),
        inputs: [view([6, 7]), broadcastView(view([7]), [6, 7])],
        output: view([6, 7]),
        threads,
      },
      target,
    ),
  copy: () => copyKernel(view([2, 5, 3], [1, 0, 2], "u8"), view([2, 5, 3], [0, 1, 2], "u8"), threads, target),
  "transposing-copy": () => copyKernel(view([1, 8, 5], [0, 2, 1]), view([1, 8, 5]), threads, target),
  "convolution-1x1": () => convolution(6, 8, axis(1, 1, 1, 0), axis(10, 1, 1, 0)),
  "convolution-3x3": () => convolution(3, 4, axis(5, 3, 1, 1), axis(5, 3, 1, 1)),
  "convolution-stride-2": () => convolution(4, 9, axis(8, 3, 2, 1), axis(8, 3, 2, 1), { bias: false }),
  "depthwise-convolution": () => window("multiplyAdd", 6, axis(5, 3, 1, 1), axis(6, 3, 1, 1)),
  "max-pool": () => window("max", 8, axis(6, 2, 2, 0), axis(6, 2, 2, 0)),
  "average-pool": () => window("meanInside", 4, axis(4, 3, 1, 1), axis(4, 3, 1, 1)),
  softmax: () => softmaxKernel({ input: view([3, 10]), output: view([3, 10]), axis: 1, logarithm: false, threads }, target),
  reduction: () =>
    reductionKernel(
      { input: view([4, 9]), output: view([4, 1]), axes: [1], combine: "add", after: mul(x(0), constant(1 / 9)), threads },
      target,
    ),
  "mean-variance": () =>
    meanVarianceKernel(
      { input: view([2, 9]), output: view([2, 9]), axes: [1], normalizeVariance: true, eps: 1e-5, epsMode: "inside", threads },
      target,
    ),
  resampling: () =>
    resamplingKernel({ input: nhwc([1, 5, 2, 2]), output: nhwc([1, 5, 4, 4]), y: linear(2, 4), x: linear(2, 4), threads }, target),
  "recurrent-step": () =>
    recurrentStepKernel(
      {
        hidden: view([1, 6]),
        starts: [view([1, 6])],
        states: [],
        results: [{ expression: mul(x(0), constant(0.5)), output: view([1, 6]) }],
        threads,
      },
      target,
    ),
};

it.each(Object.keys(kernels))("%s", async (name) => {
  await expect(printKernel(kernels[name]())).toMatchFileSnapshot(`golden/${name}.txt`);
});
