import { cpus } from "node:os";
import { convolutionKernels, type ConvolutionProblem, segmentOperands } from "../src/devices/cpu/kernels/convolution.ts";
import { integerProductKernels, packedIntegerLength } from "../src/devices/cpu/kernels/integer-product.ts";
import { availableX64Targets, createX64Engine } from "../src/codegen/x64/x64-engine.ts";
import { leastFeatures } from "../src/codegen/x64/x64-targets.ts";
import { availableTargets, createEngine } from "../src/devices/cpu/target-selection.ts";
import type { Engine, Program, Step } from "../src/kernel/engine.ts";
import { memoryElementBytes } from "../src/kernel/kernel.ts";
import type { View } from "../src/lowering/view.ts";

/**
 * Times the u8 x i8 matrix product beside the f32 one of the same shape, in turn in one process, one thread: for every target, with
 * weights for the exact and for the narrow dot product. Prints billions of operations a second and ratios.
 */
const [rows, depth, columns] = (process.argv[2] ?? "384x1024x1024").split("x").map(Number);
const rounds = 40;

const view = (element: View["element"], shape: readonly number[], strides: readonly number[]): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides,
  element,
});

function step(engine: Engine, kernel: Step["kernel"], offset: number, output: Step["operands"][number]["memory"]): Step {
  const operands = kernel.buffers.map((b) => {
    const memory = b.access === "write" ? output : engine.allocate(b.length * memoryElementBytes[b.element]);
    const byteOffset = b.access === "write" ? offset * 4 : 0;
    return { memory, byteOffset, byteLength: memory.byteLength - byteOffset };
  });
  return { kernel, operands, barrier: true };
}

function integers(engine: Engine, narrow: boolean): Program {
  const problem = {
    input: view("u8", [rows, depth], [depth, 1]),
    output: view("f32", [rows, columns], [columns, 1]),
    narrow,
    threads: 1,
  };
  const output = engine.allocate(rows * columns * 4);
  return engine.program(
    integerProductKernels(problem, engine.target).map(({ kernel, segment }) => {
      if (kernel.buffers[1].length !== packedIntegerLength(depth, segment)) throw new Error("packed weights of another length");
      return step(engine, kernel, segment.firstChannel, output);
    }),
  );
}

function floats(engine: Engine): Program {
  const axis = (size: number): ConvolutionProblem["x"] => ({ input: size, output: size, kernel: 1, stride: 1, dilation: 1, pad: 0 });
  const problem: ConvolutionProblem = {
    input: view("f32", [1, 1, depth, 1, rows], [0, 0, 1, 0, depth]),
    output: view("f32", [1, 1, columns, 1, rows], [0, 0, 1, 0, columns]),
    y: axis(1),
    x: axis(rows),
    bias: true,
    threads: 1,
  };
  const output = engine.allocate(rows * columns * 4);
  return engine.program(
    convolutionKernels(problem, engine.target).map(({ kernel, segment }) =>
      step(engine, kernel, segmentOperands(problem, segment).results[0].offset, output),
    ),
  );
}

process.stdout.write(`${cpus()[0]?.model ?? "unknown processor"}, ${rows} x ${depth} x ${columns}\n`);
const engines: readonly (() => Engine)[] = [
  ...availableTargets()
    .filter((t) => t !== "interpreter")
    .map((name) => () => createEngine(name, 1)),
  // As on a processor without dot products.
  ...availableX64Targets().map((name) => () => createX64Engine(name, { threads: 1 }, leastFeatures)),
];
for (const create of engines) {
  const engine = create();
  const programs = { f32: floats(engine), exact: integers(engine, false), narrow: integers(engine, true) };
  const least: Record<string, number> = {};
  for (let round = 0; round < rounds; round++)
    for (const [kind, program] of Object.entries(programs)) {
      const begin = performance.now();
      program.run();
      least[kind] = Math.min(least[kind] ?? Number.POSITIVE_INFINITY, performance.now() - begin);
    }
  const speed = (kind: string): string => ((2 * rows * depth * columns) / least[kind] / 1e6).toFixed(0);
  const ratio = (kind: string): string => (least["f32"] / least[kind]).toFixed(2);
  process.stdout.write(
    `${engine.target.name} (dot product ${engine.target.dotU8I8}): f32 ${speed("f32")} Gop/s, exact ${speed("exact")} (x ${ratio("exact")}), narrow ${speed("narrow")} (x ${ratio("narrow")})\n`,
  );
  engine.dispose();
}
