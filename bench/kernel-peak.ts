import { availableTargets, createEngine } from "../src/devices/cpu/target-selection.ts";
import { convolutionKernels, segmentOperands, type ConvolutionProblem } from "../src/devices/cpu/kernels/convolution.ts";
import type { WindowAxis } from "../src/devices/cpu/kernels/convolution-window.ts";
import { flatten } from "../src/devices/cpu/lower-convolution.ts";
import { packWeights } from "../src/devices/cpu/kernels/pack-weights.ts";
import { denseWeights } from "../src/devices/cpu/weight-numbers.ts";
import { blockChannels } from "../src/devices/cpu/kernels/tile.ts";
import { stridesOfOrder, type View } from "../src/lowering/view.ts";
import { measurePeak } from "../src/codegen/x64/peak-probe.ts";
import { operandIn, type Step } from "../src/kernel/engine.ts";

/** GFLOP/s of single convolution layers on each target, one thread: the kernels alone, without a model around them. */
const layers = [
  { name: "conv3x3-64-56", inputs: 64, outputs: 64, size: 56, kernel: 3 },
  { name: "conv1x1-256-28", inputs: 256, outputs: 256, size: 28, kernel: 1 },
  { name: "conv1x1-24-96 80", inputs: 24, outputs: 96, size: 80, kernel: 1 },
  { name: "conv3x3-3-16 s1 320", inputs: 3, outputs: 16, size: 320, kernel: 3 },
];

const view = (shape: readonly number[]): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides: stridesOfOrder(shape, [0, 3, 4, 1, 2]),
  element: "f32",
});

for (const target of process.argv[2]?.split(",") ?? availableTargets().filter((t) => t !== "interpreter")) {
  const engine = createEngine(target, 1);
  const peak = target === "x64-avx512" || target === "x64-avx2" ? measurePeak(target) : undefined;
  for (const { name, inputs, outputs, size, kernel } of layers) {
    const axis: WindowAxis = { input: size, output: size, kernel, stride: 1, dilation: 1, pad: (kernel - 1) / 2 };
    const problem: ConvolutionProblem = flatten({
      input: view([1, 1, inputs, size, size]),
      output: view([1, 1, outputs, size, size]),
      y: axis,
      x: axis,
      bias: true,
      threads: 1,
    });
    const input = engine.allocate(inputs * size * size * 4);
    const output = engine.allocate(outputs * size * size * 4);
    new Float32Array(input.bytes().buffer, input.bytes().byteOffset, inputs * size * size).fill(0.5);
    const parts = convolutionKernels(problem, engine.target);
    const steps = parts.map(({ kernel: k, segment }): Step => {
      const block = blockChannels(segment.tile);
      const packed = new Float32Array(segment.blocks * block * inputs * kernel * kernel);
      const numbers = denseWeights(new Float32Array(outputs * inputs * kernel * kernel).fill(0.01), outputs, inputs, kernel, kernel);
      packWeights(packed, { groups: 1, outputs, inputs, y: kernel, x: kernel, block, ...segment }, numbers);
      const weights = engine.allocate(packed.byteLength);
      weights.bytes().set(new Uint8Array(packed.buffer));
      const bias = engine.allocate(segment.blocks * blockChannels(segment.tile) * 4);
      const [result] = segmentOperands(problem, segment).results;
      return {
        kernel: k,
        barrier: true,
        operands: [operandIn(input), operandIn(weights), operandIn(bias), operandIn(output, result.offset * 4)],
      };
    });
    const program = engine.program(steps);
    const flops = parts.reduce((n, p) => n + p.kernel.flops, 0);
    for (let i = 0; i < 20; i++) program.run();
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 60; i++) {
      const begin = performance.now();
      program.run();
      best = Math.min(best, performance.now() - begin);
    }
    const tiles = parts.map((p) => `${p.segment.tile.rows}x${p.segment.tile.vectors}x${p.segment.tile.lanes}`).join(" + ");
    process.stdout.write(
      `${target} ${name}: ${(flops / best / 1e6).toFixed(1)} GFLOP/s${peak === undefined ? "" : `, ${((flops / best / 1e6 / peak) * 100).toFixed(0)} of 100 of the FMA peak`}, ${best.toFixed(3)} ms, tiles ${tiles}\n`,
    );
    program.dispose();
  }
  engine.dispose();
}
