import { operandIn, type Engine, type Program } from "../src/kernel/engine.ts";
import { availableX64Targets, createX64Engine } from "../src/codegen/x64/x64-engine.ts";
import { leastFeatures } from "../src/codegen/x64/x64-targets.ts";
import { cpuFeatures } from "../src/codegen/x64/cpu-features.ts";
import { availableWasmTargets, createWasmEngine } from "../src/codegen/wasm/wasm-engine.ts";
import { convolutionKernels, type ConvolutionProblem, segmentOperands } from "../src/devices/cpu/kernels/convolution.ts";
import type { WindowAxis } from "../src/devices/cpu/kernels/convolution-window.ts";
import { integerMatMulKernel } from "../src/devices/cpu/kernels/integer-mat-mul.ts";
import type { View } from "../src/lowering/view.ts";

/**
 * How much faster a product of bytes is than one of f32, on one thread: both kernels in turns, the least time of each.
 * On processors without dot products of bytes the sequence stands for them; "at least" leaves those of this one out.
 */
const [rows, depth, columns] = [192, 1024, 256];
const rounds = 40;

const pixels = (size: number): WindowAxis => ({ input: size, output: size, kernel: 1, stride: 1, dilation: 1, pad: 0 });
/** [1, 1, channels, 1, pixels], channels last. */
const rowsOf = (channels: number, count: number): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape: [1, 1, channels, 1, count],
  strides: [0, 0, 1, 0, channels],
  element: "f32",
});

function floatProgram(engine: Engine): Program {
  const problem: ConvolutionProblem = {
    input: rowsOf(depth, rows),
    output: rowsOf(columns, rows),
    y: pixels(1),
    x: pixels(rows),
    bias: false,
    threads: 1,
  };
  const input = engine.allocate(rows * depth * 4);
  const output = engine.allocate(rows * columns * 4);
  return engine.program(
    convolutionKernels(problem, engine.target).map(({ kernel, segment }) => ({
      kernel,
      barrier: true,
      operands: [
        operandIn(input),
        operandIn(engine.allocate(kernel.buffers[1].length * 4)),
        operandIn(output, segmentOperands(problem, segment).results[0].offset * 4),
      ],
    })),
  );
}

function integerProgram(engine: Engine, narrow: boolean): Program {
  const kernel = integerMatMulKernel({ rows, depth, columns, narrow }, engine.target);
  const operands = kernel.buffers.map((b) => operandIn(engine.allocate(b.length * (b.element === "i32" ? 4 : 1))));
  return engine.program([{ kernel, operands, barrier: true }]);
}

const timeOf = (program: Program): number => {
  const begin = performance.now();
  program.run();
  return performance.now() - begin;
};

function compare(name: string, engine: Engine): void {
  const programs = [floatProgram(engine), integerProgram(engine, false), integerProgram(engine, true)];
  const least = programs.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < rounds; i++) for (const [p, program] of programs.entries()) least[p] = Math.min(least[p], timeOf(program));
  const rate = (ms: number): string => `${((2 * rows * depth * columns) / ms / 1e6).toFixed(0)} G/s`;
  process.stdout.write(
    `${name}: f32 ${rate(least[0])}, bytes ${rate(least[1])} (${(least[0] / least[1]).toFixed(2)} times), narrow ${rate(least[2])} (${(least[0] / least[2]).toFixed(2)} times)\n`,
  );
  engine.dispose();
}

for (const name of availableX64Targets()) {
  compare(name, createX64Engine(name, { threads: 1 }, cpuFeatures()));
  compare(`${name} at least`, createX64Engine(name, { threads: 1 }, leastFeatures));
}
for (const name of availableWasmTargets()) compare(name, createWasmEngine(name, { threads: 1 }));
