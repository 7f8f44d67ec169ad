import { KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import * as math from "../../../kernel/vector-math.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import { overRows, reductionNest } from "./reduction-nest.ts";

export interface SoftmaxProblem {
  readonly input: View;
  readonly output: View;
  readonly axis: number;
  /** The logarithm of it: x - max - log(sum). */
  readonly logarithm: boolean;
  readonly threads: number;
}

/** exp(x - max) / sum along an axis. Buffers: input, output. */
export function softmaxKernel(problem: SoftmaxProblem, target: KernelTarget): Kernel {
  const { input, output, axis, logarithm, threads } = problem;
  const nest = reductionNest([output, input], [axis], target, 1);
  const k = new KernelBuilder(`${logarithm ? "log-" : ""}softmax ${input.shape.join("x")} over ${axis}`, target);
  const source = k.buffer("input", "f32", viewSpan(input), "read");
  const result = k.buffer("output", "f32", viewSpan(output), "readWrite");
  const tasks = overRows(k, nest, threads, (row) => {
    const { lanes } = row;
    const zeros = () => k.each(2, () => k.variable(k.constant(0, { lanes })));
    const most = k.each(2, () => k.variable(k.constant(-Infinity, { lanes })));
    row.each((at, count, u) => k.update(most[u], "max", k.load(source, at(1), { lanes, count }), most[u]), { copies: 2, overlap: true });
    const max = row.combine("max", most);
    const sums = zeros();
    row.each(
      (at, count, u) => {
        const power = math.exp(k, k.sub(k.load(source, at(1), { lanes, count }), max));
        if (!logarithm || count < lanes) k.store(result, at(0), power, { count });
        // Read back, a cut vector has zeros where it has no element.
        k.update(sums[u], "add", count < lanes ? k.load(result, at(0), { lanes, count }) : power, sums[u]);
      },
      { copies: 2 },
    );
    const sum = row.combine("add", sums);
    if (logarithm) {
      const shift = k.add(max, math.log(k, sum));
      row.each((at, count) => k.store(result, at(0), k.sub(k.load(source, at(1), { lanes, count }), shift), { count }));
    } else {
      const factor = k.div(k.constant(1, { lanes }), sum);
      row.each((at, count) => k.store(result, at(0), k.mul(k.load(result, at(0), { lanes, count }), factor), { count }), { copies: 2 });
    }
  });
  return k.build({ key: problemKey("softmax", problem), tasks, flops: 0 });
}
