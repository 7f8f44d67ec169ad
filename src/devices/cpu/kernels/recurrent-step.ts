import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import type { Kernel, KernelBuffer, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { itemsPerTask } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import type { ScalarExpression } from "../../../model/scalar-expression.ts";

/** One value of a step for each unit, stored. */
export interface RecurrentResult {
  /** Of the gates' sums (x0, x1 ...), the states, and the results before this one, in that order. */
  readonly expression: ScalarExpression;
  /** [batch, units], stride 1 along the units. */
  readonly output: View;
  /** The state whose memory the output is: it is overwritten in place. */
  readonly state?: number;
}

/** A step of a recurrent network, or a part of one that needs no unit's result of the same step. */
export interface RecurrentStepProblem {
  /** [batch, depth], stride 1 along the depth: what the recurrent weights multiply. */
  readonly hidden: View;
  /** One for each gate, [batch, units], stride 1 along the units: where its sum starts. */
  readonly starts: readonly View[];
  /** Other values of each unit, [batch, units], stride 1 along the units. */
  readonly states: readonly View[];
  readonly results: readonly RecurrentResult[];
  readonly threads: number;
}

const workPerTask = 16_000;

/** Vectors of units, the last one padded. */
export const unitBlocks = (units: number, target: KernelTarget): number => Math.ceil(units / target.lanes);

/** Recurrent weights [gate][unit][depth], by a function of the three, in the order of use: [block of units][depth][gate][lanes]. */
export function packRecurrentWeights(
  gates: number,
  units: number,
  depth: number,
  target: KernelTarget,
  weight: (gate: number, unit: number, k: number) => number,
): Float32Array {
  const { lanes } = target;
  const packed = new Float32Array(unitBlocks(units, target) * depth * gates * lanes);
  for (let unit = 0; unit < units; unit++) {
    const block = Math.floor(unit / lanes);
    for (let gate = 0; gate < gates; gate++)
      for (let k = 0; k < depth; k++) packed[((block * depth + k) * gates + gate) * lanes + (unit % lanes)] = weight(gate, unit, k);
  }
  return packed;
}

/** Sums of all gates, and what follows from them, vectors along units. Buffers: hidden, weights, starts, states, outputs that are no states. */
export function recurrentStepKernel(problem: RecurrentStepProblem, target: KernelTarget): Kernel {
  const { hidden, starts, states, results, threads } = problem;
  const [batch, depth] = hidden.shape;
  const units = starts[0].shape[1];
  const gates = starts.length;
  const k = new KernelBuilder(`recurrent step of ${gates} gates, ${depth}->${units}`, target);
  const { lanes } = k;
  const blocks = unitBlocks(units, target);
  const hiddenBuffer = k.buffer("hidden", "f32", viewSpan(hidden), "read");
  const weights = k.buffer("weights", "f32", blocks * depth * gates * lanes, "read");
  const startBuffers = starts.map((view, i) => k.buffer(`start${i}`, "f32", viewSpan(view), "read"));
  const overwritten = new Set(results.map((r) => r.state));
  const stateBuffers = states.map((view, i) => k.buffer(`state${i}`, "f32", viewSpan(view), overwritten.has(i) ? "readWrite" : "read"));
  const outputs = results.map((r, i): KernelBuffer =>
    r.state === undefined ? k.buffer(`output${i}`, "f32", viewSpan(r.output), "write") : stateBuffers[r.state],
  );

  // A few rows of the batch share each vector of weights; with few sums at hand several of each hide the latency of a chain.
  const sums = target.vectorRegisters / 2;
  const rows = Math.max(1, Math.min(batch, Math.floor(sums / gates)));
  const chains = Math.max(1, Math.min(4, Math.floor(sums / (rows * gates))));

  const tileAt = (block: Index, first: Index, rowCount: number, count: number): void => {
    const unit = block.mul(lanes);
    const at = (view: View, row: number): Index => first.add(row).mul(view.strides[0]).add(unit);
    const acc = k.each(chains, (chain) =>
      k.each(rowCount, (row) =>
        k.each(gates, (g) => k.variable(chain === 0 ? k.load(startBuffers[g], at(starts[g], row), { count }) : k.constant(0))),
      ),
    );
    const step = (depthAt: Index, chain: number): void => {
      const base = block
        .mul(depth)
        .add(depthAt)
        .mul(gates * lanes);
      const vectors = k.each(gates, (g) => k.load(weights, base.add(g * lanes)));
      for (let row = 0; row < rowCount; row++) {
        const value = k.broadcast(hiddenBuffer, first.add(row).mul(hidden.strides[0]).add(depthAt));
        for (const [g, vector] of vectors.entries()) k.accumulate(acc[chain][row][g], value, vector);
      }
    };
    const rounds = Math.floor(depth / chains);
    k.for(rounds, { name: "k" }, (i) => {
      for (let chain = 0; chain < chains; chain++) step(i.mul(chains).add(chain), chain);
    });
    for (let rest = rounds * chains; rest < depth; rest++) step(new Index(rest), 0);
    for (let row = 0; row < rowCount; row++) {
      const values: Register[] = k.each(gates, (g) =>
        acc.slice(1).reduce<Register>((sum, other) => k.add(sum, other[row][g]), acc[0][row][g]),
      );
      for (const [i, view] of states.entries()) values.push(k.load(stateBuffers[i], at(view, row), { count }));
      for (const [i, { expression, output }] of results.entries()) {
        const value = emitScalar(k, expression, values, { lanes });
        values.push(value);
        k.store(outputs[i], at(output, row), value, { count });
      }
    }
  };
  const blockAt = (block: Index, count: number): void => {
    const tiles = Math.floor(batch / rows);
    k.for(tiles, { name: "n" }, (n) => tileAt(block, n.mul(rows), rows, count));
    if (batch % rows > 0) tileAt(block, new Index(tiles * rows), batch % rows, count);
  };

  const whole = Math.floor(units / lanes);
  const perTask = itemsPerTask(blocks, 2 * batch * depth * gates * lanes, workPerTask, threads * 2);
  const tasks = Math.ceil(blocks / perTask);
  if (whole > 0) {
    const begin = k.task.mul(perTask);
    if (perTask === 1 && whole === blocks) blockAt(begin, lanes);
    else k.range(begin, k.minIndex(begin.add(perTask), whole), { name: "block" }, (block) => blockAt(block, lanes));
  }
  if (whole < blocks) {
    const tail = (): void => blockAt(new Index(whole), units - whole * lanes);
    if (tasks === 1) tail();
    else k.ifNonNegative(k.task.add(1 - tasks), tail);
  }
  return k.build({
    key: problemKey("recurrent step", problem),
    tasks,
    flops: 2 * batch * depth * gates * units,
  });
}
