import { type Engine, operandIn, type Program } from "../src/kernel/engine.ts";
import { availableX64Targets, createX64Engine } from "../src/codegen/x64/x64-engine.ts";
import { availableWasmTargets, createWasmEngine } from "../src/codegen/wasm/wasm-engine.ts";
import { convolutionKernels, type ConvolutionProblem, segmentOperands } from "../src/devices/cpu/kernels/convolution.ts";
import type { WindowAxis } from "../src/devices/cpu/kernels/convolution-window.ts";
import { planWinograd, type WinogradProblem, winogradKernel } from "../src/devices/cpu/kernels/winograd.ts";
import type { View } from "../src/lowering/view.ts";

/** How much faster 3x3 convolutions are by Winograd's algorithm than directly, on one thread: both in turns, the least time of each. */
const layers: readonly WinogradProblem[] = [
  { height: 56, width: 56, channels: 64, outputs: 64 },
  { height: 28, width: 28, channels: 128, outputs: 128 },
  { height: 28, width: 28, channels: 256, outputs: 256 },
  { height: 14, width: 14, channels: 256, outputs: 256 },
];
const rounds = 40;

/** [1, 1, channels, height, width], channels last. */
const image = (channels: number, height: number, width: number): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape: [1, 1, channels, height, width],
  strides: [0, 0, 1, width * channels, channels],
  element: "f32",
});
const axis = (size: number): WindowAxis => ({ input: size, output: size, kernel: 3, stride: 1, dilation: 1, pad: 1 });

function directProgram(engine: Engine, { height, width, channels, outputs }: WinogradProblem): Program {
  const problem: ConvolutionProblem = {
    input: image(channels, height, width),
    output: image(outputs, height, width),
    y: axis(height),
    x: axis(width),
    bias: true,
    threads: 1,
  };
  const input = engine.allocate(height * width * channels * 4);
  const output = engine.allocate(height * width * outputs * 4);
  return engine.program(
    convolutionKernels(problem, engine.target).map(({ kernel, segment }) => ({
      kernel,
      barrier: true,
      operands: [
        operandIn(input),
        ...[1, 2].map((i) => operandIn(engine.allocate(kernel.buffers[i].length * 4))),
        operandIn(output, segmentOperands(problem, segment).results[0].offset * 4),
      ],
    })),
  );
}

function winogradProgram(engine: Engine, problem: WinogradProblem): Program {
  const plan = planWinograd(problem, engine.target);
  if (plan === undefined) throw new Error("no plan");
  const kernel = winogradKernel(problem, plan, engine.target);
  return engine.program([{ kernel, operands: kernel.buffers.map((b) => operandIn(engine.allocate(b.length * 4))), barrier: true }]);
}

const timeOf = (program: Program): number => {
  const begin = performance.now();
  program.run();
  return performance.now() - begin;
};

function compare(engine: Engine): void {
  for (const problem of layers) {
    const programs = [directProgram(engine, problem), winogradProgram(engine, problem)];
    const least = programs.map(() => Number.POSITIVE_INFINITY);
    for (let i = 0; i < rounds; i++) for (const [p, program] of programs.entries()) least[p] = Math.min(least[p], timeOf(program));
    process.stdout.write(
      `${engine.target.name} ${problem.channels}->${problem.outputs} ${problem.height}x${problem.width}: direct ${least[0].toFixed(3)} ms, Winograd ${least[1].toFixed(3)} ms, ${(least[0] / least[1]).toFixed(2)} times\n`,
    );
  }
  engine.dispose();
}

for (const name of availableX64Targets()) compare(createX64Engine(name, { threads: 1 }));
for (const name of availableWasmTargets()) compare(createWasmEngine(name, { threads: 1 }));
