import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { formatScalar, type ScalarExpression } from "../../../model/scalar-expression.ts";
import { itemsPerTask, loopNest, type NestLoop } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { loadElements, storeElements, viewBuffer } from "./element-access.ts";

export interface ElementwiseProblem {
  readonly expression: ScalarExpression;
  /** Views of the output's shape (stride 0 where broadcast). */
  readonly inputs: readonly View[];
  readonly output: View;
  readonly threads: number;
}

const unroll = 4;

/** One pass over the output, computing an expression of any number of inputs with any strides. Buffers: inputs, output. */
export function elementwiseKernel({ expression, inputs, output, threads }: ElementwiseProblem, target: KernelTarget): Kernel {
  const views = [output, ...inputs];
  const loops = loopNest(views);
  const text = formatScalar(expression);
  const k = new KernelBuilder(
    `element-wise ${text.length > 48 ? `${text.slice(0, 45)}...` : text} ${loops.map((l) => l.count).join("x")}`,
    target,
  );
  const buffers = inputs.map((view, i) => viewBuffer(k, `x${i}`, view, "read"));
  const result = viewBuffer(k, "output", output, "write");

  const inner = loops[loops.length - 1];
  const vectorizable = inner.strides[0] === 1 && inner.strides.every((s) => s === 0 || s === 1) && inner.count >= 4;
  const lanes = vectorizable ? Math.min(k.lanes, 2 ** Math.floor(Math.log2(inner.count))) : 1;
  const at = (outer: readonly Index[], operand: number): Index =>
    outer.reduce((sum, i, l) => sum.add(i.mul(loops[l].strides[operand])), new Index(0));

  const vectorAt = (indices: readonly Index[], width: number, count: number): void => {
    const registers = inputs.map((view, i) =>
      loadElements(k, view, buffers[i], at(indices, i + 1), { lanes: width, count, broadcast: inner.strides[i + 1] === 0 }),
    );
    const value = emitScalar(k, expression, registers, { lanes: width, result: registerOf(output.element) });
    storeElements(k, output, result, at(indices, 0), value, count);
  };
  const innerRange = (outer: readonly Index[], begin: Index, end: Index | number): void => {
    if (typeof end === "number" && begin.terms.length === 0 && end - begin.constant <= lanes * unroll)
      for (let i = begin.constant; i < end; i += lanes) vectorAt([...outer, new Index(i)], lanes, lanes);
    else k.range(begin, end, { step: lanes }, (i) => vectorAt([...outer, i], lanes, lanes));
  };
  const tail = inner.count % lanes;
  const whole = inner.count - tail;
  const innerAll = (outer: readonly Index[]): void => {
    if (whole > 0) unrolled(k, whole, lanes, (i) => vectorAt([...outer, i], lanes, lanes));
    if (tail > 0) vectorAt([...outer, new Index(whole)], lanes, tail);
  };

  let tasks: number;
  if (loops.length === 1) {
    const perTask = Math.ceil(itemsPerTask(inner.count, inputs.length + 1, 16_000, threads * 3) / (lanes * unroll)) * lanes * unroll;
    tasks = Math.ceil(inner.count / perTask);
    if (tasks <= 1) {
      tasks = 1;
      innerAll([]);
    } else {
      const begin = k.task.mul(perTask);
      innerRange([], begin, k.minIndex(begin.add(perTask), whole));
      if (tail > 0) k.ifNonNegative(k.task.add(1 - tasks), () => vectorAt([new Index(whole)], lanes, tail));
    }
  } else {
    const outer = loops.slice(0, -1);
    tasks = overOuter(k, outer, inner.count * (inputs.length + 1) * (vectorizable ? 1 : 8), threads, innerAll);
  }
  // Equal loops have equal kernels, whatever the shapes that they were merged from.
  const operands = views.map((view) => ({ element: view.element, span: viewSpan(view) }));
  return k.build({
    key: problemKey("element-wise", { expression, loops, operands, threads }),
    tasks,
  });
}

/** Runs the body for all indices of outer loops, shared out as tasks over the first of them. Returns the number of tasks. */
export function overOuter(
  k: KernelBuilder,
  loops: readonly NestLoop[],
  innerWork: number,
  threads: number,
  body: (indices: readonly Index[]) => void,
): number {
  const [first, ...rest] = loops;
  const restCount = rest.reduce((n, l) => n * l.count, 1);
  const nest = (indices: readonly Index[], remaining: readonly NestLoop[]): void => {
    if (remaining.length === 0) body(indices);
    else k.for(remaining[0].count, (i) => nest([...indices, i], remaining.slice(1)));
  };
  const share = (count: number, work: number, run: (i: Index) => void): number => {
    const perTask = itemsPerTask(count, work, 16_000, threads * 4);
    const tasks = Math.ceil(count / perTask);
    const begin = k.task.mul(perTask);
    if (tasks === 1) k.for(count, run);
    else if (perTask === 1) run(begin);
    else k.range(begin, tasks * perTask === count ? begin.add(perTask) : k.minIndex(begin.add(perTask), count), {}, run);
    return tasks;
  };
  // With few rounds of the first loop, two loops are shared out together.
  if (rest.length > 0 && first.count < threads * 2)
    return share(first.count * rest[0].count, (innerWork * restCount) / rest[0].count, (i) =>
      nest([k.divide(i, rest[0].count), k.modulo(i, rest[0].count)], rest.slice(1)),
    );
  return share(first.count, innerWork * restCount, (i) => nest([i], rest));
}

/** A loop over whole vectors with several in one round. */
function unrolled(k: KernelBuilder, count: number, lanes: number, body: (i: Index) => void): void {
  k.for(count / lanes, { unroll: unroll }, (i) => body(i.mul(lanes)));
}
