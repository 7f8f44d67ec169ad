import { KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import { type Epilogue, epilogueBuffers } from "./epilogue.ts";
import { loadElements } from "./element-access.ts";
import { overRows, reductionNest } from "./reduction-nest.ts";

export interface MeanVarianceProblem {
  readonly input: View;
  readonly output: View;
  readonly axes: readonly number[];
  readonly normalizeVariance: boolean;
  readonly eps: number;
  /** Inside: sqrt(variance + eps); outside: sqrt(variance) + eps. */
  readonly epsMode: "inside" | "outside";
  /** Scale and shift of a layer normalization; views with stride 0 or 1 along the vectors. */
  readonly epilogue?: Epilogue;
  readonly threads: number;
}

/** (x - mean) / deviation over axes. Buffers: input, output, extras. */
export function meanVarianceKernel(problem: MeanVarianceProblem, target: KernelTarget): Kernel {
  const { input, output, axes, normalizeVariance, eps, epsMode, epilogue, threads } = problem;
  const nest = reductionNest([output, input, ...(epilogue?.inputs ?? [])], axes, target, 1);
  const size = axes.reduce((n, a) => n * input.shape[a], 1);
  const k = new KernelBuilder(`mean-variance normalization ${input.shape.join("x")} over ${axes}`, target);
  const source = k.buffer("input", "f32", viewSpan(input), "read");
  const result = k.buffer("output", "f32", viewSpan(output), "readWrite");
  const extras = epilogueBuffers(k, epilogue);
  const vectorLoop = nest.vector === "kept" ? nest.kept[nest.kept.length - 1] : nest.reduced[nest.reduced.length - 1];
  const tasks = overRows(k, nest, threads, (row) => {
    const { lanes } = row;
    const accumulators = () => k.each(2, () => k.variable(k.constant(0, { lanes })));
    const sums = accumulators();
    row.each((at, count, u) => k.update(sums[u], "add", k.load(source, at(1), { lanes, count }), sums[u]), { copies: 2 });
    const mean = k.mul(row.combine("add", sums), k.constant(1 / size, { lanes }));
    const squares = accumulators();
    row.each(
      (at, count, u) => {
        const difference = k.sub(k.load(source, at(1), { lanes, count }), mean);
        k.store(result, at(0), difference, { count });
        // Read back, a cut vector has zeros where it has no element.
        const d = count < lanes ? k.load(result, at(0), { lanes, count }) : difference;
        if (normalizeVariance) k.accumulate(squares[u], d, d);
      },
      { copies: 2 },
    );
    const epsilon = k.constant(eps, { lanes });
    const variance = k.mul(row.combine("add", squares), k.constant(1 / size, { lanes }));
    const deviation = epsMode === "inside" ? k.compute("sqrt", [k.add(variance, epsilon)]) : k.add(k.compute("sqrt", [variance]), epsilon);
    const factor = normalizeVariance ? k.div(k.constant(1, { lanes }), deviation) : k.constant(1, { lanes });
    row.each((at, count) => {
      const value = k.mul(k.load(result, at(0), { lanes, count }), factor);
      const inputs = (epilogue?.inputs ?? []).map((view, i) =>
        loadElements(k, view, extras[i], at(i + 2), { lanes, count, broadcast: vectorLoop.strides[i + 2] === 0 }),
      );
      k.store(result, at(0), epilogue ? emitScalar(k, epilogue.expression, [value, ...inputs]) : value, { count });
    });
  });
  return k.build({ key: problemKey("mean-variance", problem), tasks });
}
