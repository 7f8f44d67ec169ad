import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel, KernelBuffer } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { loopNest, type NestLoop } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { bitsOf, type View, viewMemory } from "../../../lowering/view.ts";
import { overOuter } from "./elementwise.ts";
import { viewBuffer } from "./element-access.ts";

export interface GatherProblem {
  readonly data: View;
  /** Integers that index loads read: of any width, with a sign where they are wide. */
  readonly indices: View;
  /** The data's shape with the shape of the indices in place of the axis. */
  readonly output: View;
  readonly axis: number;
  readonly threads: number;
}

const part = ({ shape, strides }: Pick<View, "shape" | "strides">, begin: number, end: number): Pick<View, "shape" | "strides"> => ({
  shape: shape.slice(begin, end),
  strides: strides.slice(begin, end),
});

/**
 * Slices of the data along an axis, picked by indices; negative ones count from the end, and those out of range give zeros. Bits are
 * moved, whatever they mean. Buffers: data, indices, output.
 */
export function gatherKernel(problem: GatherProblem, target: KernelTarget): Kernel {
  const { indices, axis, threads } = problem;
  const [data, output] = [bitsOf(problem.data), bitsOf(problem.output)];
  const length = data.shape[axis];
  const picked = axis + indices.shape.length;
  const outer = loopNest([part(output, 0, axis), part(data, 0, axis)]);
  const picks = loopNest([part(output, axis, picked), indices]);
  const inner = loopNest([part(output, picked, output.shape.length), part(data, axis + 1, data.shape.length)]);

  const k = new KernelBuilder(`gather ${output.shape.join("x")} along ${axis}`, target);
  const source = viewBuffer(k, "data", data, "read");
  const positions = k.buffer("indices", viewMemory(indices), spanOf(indices), "read");
  const result = viewBuffer(k, "output", output, "write");
  const last = inner[inner.length - 1];
  const vectorizable = last.count >= 4 && last.strides.every((s) => s === 1);
  const lanes = vectorizable ? Math.min(k.lanes, 2 ** Math.floor(Math.log2(last.count))) : 1;
  const work = inner.reduce((n, l) => n * l.count, 1);
  const sum = (loops: readonly NestLoop[], at: readonly Index[], view: 0 | 1): Index =>
    at.reduce((s, i, l) => s.add(i.mul(loops[l].strides[view])), new Index(0));

  const tasks = overOuter(k, [...outer, ...picks], work * 2, threads, (at) => {
    const [outerAt, pickAt] = [at.slice(0, outer.length), at.slice(outer.length)];
    const to = sum(outer, outerAt, 0).add(sum(picks, pickAt, 0));
    const from = sum(outer, outerAt, 1);
    const place = sum(picks, pickAt, 1);
    // One more on both sides tells that an index is out of range.
    const index = k.loadIndex(positions, place, -length - 1, length);
    const inRange = k.loadIndex(positions, place, -length, length - 1);
    const row = k.modulo(inRange.add(length), length);
    const zeros = (): void =>
      overRow(k, inner, lanes, (o, _, count) => k.store(result, to.add(o), k.constant(0, { lanes, element: "i32" }), { count }));
    const copy = (): void =>
      overRow(k, inner, lanes, (o, i, count) =>
        k.store(result, to.add(o), k.load(source as KernelBuffer, from.add(row.mul(data.strides[axis])).add(i), { lanes, count }), {
          count,
        }),
      );
    k.ifNonNegative(index.add(length), () => k.ifNonNegative(index.mul(-1).add(length - 1), copy, zeros), zeros);
  });
  return k.build({ key: problemKey("gather", { ...problem, spans: [source.length, positions.length, result.length] }), tasks });
}

const spanOf = (view: View): number => 1 + view.shape.reduce((n, d, i) => n + (d - 1) * view.strides[i], 0);

/** Visits a row by vectors: offsets in the output and in the data, and the lanes that there are. */
function overRow(k: KernelBuilder, loops: readonly NestLoop[], lanes: number, body: (to: Index, from: Index, count: number) => void): void {
  const visit = (remaining: readonly NestLoop[], to: Index, from: Index): void => {
    const [{ count, strides }, ...rest] = remaining;
    const at = (i: Index, f: (to: Index, from: Index) => void): void => f(to.add(i.mul(strides[0])), from.add(i.mul(strides[1])));
    if (rest.length > 0) return k.for(count, (i) => at(i, (t, f) => visit(rest, t, f)));
    const whole = Math.floor(count / lanes);
    k.for(whole, { unroll: lanes > 1 ? 2 : 1 }, (i) => at(i.mul(lanes), (t, f) => body(t, f, lanes)));
    if (count % lanes > 0) at(new Index(whole * lanes), (t, f) => body(t, f, count % lanes));
  };
  visit(loops, new Index(0), new Index(0));
}
