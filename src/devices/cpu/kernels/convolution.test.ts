import { describe, expect, it } from "vitest";
import { add, constant, input as x, max } from "../../../model/scalar-expression.ts";
import { stridesOfOrder, type View } from "../../../lowering/view.ts";
import { flatten } from "../lower-convolution.ts";
import { convolutionKernels, type ConvolutionProblem, segmentOperands } from "./convolution.ts";
import { packWeights } from "./pack-weights.ts";
import { denseWeights } from "../weight-numbers.ts";
import type { WindowAxis } from "./convolution-window.ts";
import { kernelRunners, largestDifference, seededFloats } from "./kernel-runners.fixture.ts";
import { blockChannels } from "./tile.ts";

interface Case {
  readonly name: string;
  readonly batch?: number;
  readonly groups?: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad?: number;
  readonly plainInput?: boolean;
  readonly residual?: boolean;
}

const cases: readonly Case[] = [
  { name: "3x3 with padding", inputs: 5, outputs: 24, size: [6, 9], kernel: [3, 3], pad: 1 },
  {
    name: "3x3 stride 2 on a row-major picture",
    inputs: 3,
    outputs: 16,
    size: [9, 12],
    kernel: [3, 3],
    stride: 2,
    pad: 1,
    plainInput: true,
  },
  { name: "1x1 wide", inputs: 33, outputs: 70, size: [5, 7], kernel: [1, 1] },
  { name: "1x1 of two batches with a residual", batch: 2, inputs: 8, outputs: 20, size: [3, 5], kernel: [1, 1], residual: true },
  { name: "1x1 to one channel", inputs: 24, outputs: 1, size: [8, 8], kernel: [1, 1] },
  { name: "5x5 dilated", inputs: 4, outputs: 8, size: [12, 11], kernel: [5, 5], dilation: 2, pad: 4 },
  { name: "grouped", groups: 2, inputs: 4, outputs: 12, size: [5, 6], kernel: [3, 3], pad: 1 },
  { name: "kernel larger than the input", inputs: 2, outputs: 9, size: [2, 3], kernel: [5, 5], pad: 2 },
  { name: "1x9 row", inputs: 3, outputs: 10, size: [1, 40], kernel: [1, 9], pad: 4 },
  { name: "column of pixels", inputs: 6, outputs: 10, size: [40, 1], kernel: [1, 1] },
];

const view = (shape: readonly number[], order: readonly number[]): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides: stridesOfOrder(shape, order),
  element: "f32",
});

function build(c: Case): {
  problem: ConvolutionProblem;
  weights: Float32Array;
  dims: { G: number; I: number; O: number; KH: number; KW: number };
} {
  const { batch = 1, groups = 1, stride = 1, dilation = 1, pad = 0 } = c;
  const axis = (input: number, kernel: number): WindowAxis => {
    const p = kernel === 1 ? 0 : pad;
    return { input, kernel, stride, dilation, pad: p, output: Math.floor((input + 2 * p - (kernel - 1) * dilation - 1) / stride) + 1 };
  };
  const y = axis(c.size[0], c.kernel[0]);
  const xAxis = axis(c.size[1], c.kernel[1]);
  const G = groups;
  const I = c.inputs / 1;
  const O = c.outputs / 1;
  const last = [0, 3, 4, 1, 2];
  const input = view([batch, G, I, y.input, xAxis.input], c.plainInput ? [0, 1, 2, 3, 4] : last);
  const output = view([batch, G, O, y.output, xAxis.output], last);
  const problem = flatten({
    input,
    output,
    y,
    x: xAxis,
    bias: true,
    threads: 2,
    epilogue: c.residual
      ? { expression: max(add(x(0), x(1)), constant(0)), inputs: [output] }
      : { expression: max(x(0), constant(0)), inputs: [] },
  });
  return { problem, weights: seededFloats(G * O * I * y.kernel * xAxis.kernel, 7), dims: { G, I, O, KH: y.kernel, KW: xAxis.kernel } };
}

function reference(c: Case, weights: Float32Array, source: Float32Array, bias: Float32Array, residual: Float32Array): Float32Array {
  const { batch = 1, groups = 1, stride = 1, dilation = 1, pad = 0 } = c;
  const [KH, KW] = c.kernel;
  const [H, W] = c.size;
  const [ph, pw] = [KH === 1 ? 0 : pad, KW === 1 ? 0 : pad];
  const OH = Math.floor((H + 2 * ph - (KH - 1) * dilation - 1) / stride) + 1;
  const OW = Math.floor((W + 2 * pw - (KW - 1) * dilation - 1) / stride) + 1;
  const result = new Float32Array(batch * groups * c.outputs * OH * OW);

  const at = (n: number, channel: number, channels: number, yy: number, xx: number, h: number, w: number, plain: boolean): number =>
    plain ? ((n * channels + channel) * h + yy) * w + xx : ((n * h + yy) * w + xx) * channels + channel;
  for (let n = 0; n < batch; n++)
    for (let g = 0; g < groups; g++)
      for (let o = 0; o < c.outputs; o++)
        for (let oy = 0; oy < OH; oy++)
          for (let ox = 0; ox < OW; ox++) {
            let sum = bias[g * c.outputs + o];
            for (let i = 0; i < c.inputs; i++)
              for (let kh = 0; kh < KH; kh++)
                for (let kw = 0; kw < KW; kw++) {
                  const iy = oy * stride - ph + kh * dilation;
                  const ix = ox * stride - pw + kw * dilation;
                  if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue;
                  sum +=
                    source[at(n, g * c.inputs + i, groups * c.inputs, iy, ix, H, W, c.plainInput === true)] *
                    weights[(((g * c.outputs + o) * c.inputs + i) * KH + kh) * KW + kw];
                }
            const to = at(n, g * c.outputs + o, groups * c.outputs, oy, ox, OH, OW, false);
            result[to] = Math.max(0, sum + (c.residual ? residual[to] : 0));
          }
  return result;
}

describe.each(kernelRunners)("convolution kernels for $name", ({ target, run }) => {
  it.each(cases)("$name", (c) => {
    const { problem, weights, dims } = build(c);
    const { batch = 1 } = c;
    const source = seededFloats(batch * dims.G * dims.I * c.size[0] * c.size[1], 1);
    const bias = seededFloats(dims.G * dims.O, 2);
    const size = batch * dims.G * dims.O * problem.y.output * problem.x.output * (problem.output.shape[0] === batch ? 1 : 1 / batch);
    const residual = seededFloats(size, 3);
    const output = new Float32Array(size);
    for (const { kernel, segment } of convolutionKernels(problem, target)) {
      const block = blockChannels(segment.tile);
      const padded = segment.blocks * block;
      const layout = { groups: dims.G, outputs: dims.O, inputs: dims.I, y: dims.KH, x: dims.KW, block, ...segment };
      const packed = new Float32Array(dims.G * padded * dims.I * dims.KH * dims.KW);
      packWeights(packed, layout, denseWeights(weights, dims.O, dims.I, dims.KH, dims.KW));
      const biases = new Float32Array(dims.G * padded);
      for (let g = 0; g < dims.G; g++)
        biases.set(bias.subarray(g * dims.O + segment.firstChannel, g * dims.O + segment.firstChannel + segment.channels), g * padded);
      const { results } = segmentOperands(problem, segment);
      run(kernel, [
        source,
        packed,
        biases,
        output.subarray(results[0].offset),
        ...results.slice(1).map((r) => residual.subarray(r.offset)),
      ]);
    }
    expect(largestDifference(output, reference(c, weights, source, bias, residual))).toBeLessThan(2e-5);
  });
});
