import { KernelBuilder } from "../../../kernel/builder.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import type { ScalarExpression } from "../../../model/scalar-expression.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import type { View } from "../../../lowering/view.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { storeElements, viewBuffer } from "./element-access.ts";
import { overRows, reductionNest } from "./reduction-nest.ts";

/** Combines elements along axes: after = finish(combine over the axes of before(x)). Integers wrap around. */
export interface ReductionProblem {
  readonly input: View;
  /** Of the input's rank, with length 1 along the axes. */
  readonly output: View;
  readonly axes: readonly number[];
  readonly combine: "add" | "max" | "min" | "mul";
  /** Of x0 = an element; absent: the element itself. */
  readonly before?: ScalarExpression;
  /** Of x0 = the combined value. */
  readonly after?: ScalarExpression;
  readonly threads: number;
}

const neutral = {
  f32: { add: 0, max: -Infinity, min: Infinity, mul: 1 },
  i32: { add: 0, max: -(2 ** 31), min: 2 ** 31 - 1, mul: 1 },
} as const;

/** Buffers: input, output. */
export function reductionKernel(problem: ReductionProblem, target: KernelTarget): Kernel {
  const { input, output, axes, combine, before, after, threads } = problem;
  const found = reductionNest([{ ...output, strides: output.strides.map((s, i) => (axes.includes(i) ? 0 : s)) }, input], axes, target, 1);
  // A product has no operation over lanes, and a tail of zeros would spoil it; it is rare enough for scalars.
  const nest = combine === "mul" && found.vector === "reduced" ? { ...found, lanes: 1 } : found;
  const k = new KernelBuilder(`reduce ${combine} ${input.shape.join("x")} over ${axes}`, target);
  const source = viewBuffer(k, "input", input, "read");
  const result = viewBuffer(k, "output", output, "write");
  const element = registerOf(input.element) === "i32" ? "i32" : "f32";
  const copies = 4;
  // before(0) must be 0 for a tail of zeros in a sum: true of x, x * x and |x|, the expressions that reductions have.
  const tasks = overRows(k, nest, threads, (row) => {
    const acc = k.each(copies, () => k.variable(k.constant(neutral[element][combine], { lanes: row.lanes, element })));
    row.each(
      (at, count, u) => {
        const x = k.load(source, at(1), { lanes: row.lanes, count });
        k.update(acc[u], combine, before ? emitScalar(k, before, [x]) : x, acc[u]);
      },
      { copies, overlap: combine === "max" || combine === "min" },
    );
    const value = row.combine(combine, acc);
    storeElements(k, output, result, row.base(0), after ? emitScalar(k, after, [value]) : value, row.keptCount);
  });
  return k.build({
    key: problemKey("reduction", problem),
    tasks,
  });
}
