import { knownValue, type Node } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { plainOrder, sliceView, type View } from "../../../lowering/view.ts";
import { lowerConvolution } from "../lower-convolution.ts";
import { denseWeights } from "../weight-numbers.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import type { WindowAxis } from "../kernels/convolution-window.ts";
import { packRecurrentWeights, recurrentStepKernel, type RecurrentStepProblem, unitBlocks } from "../kernels/recurrent-step.ts";
import { type Cell, cellOf, type CellPhase, type CellValue, recurrentTypes } from "../recurrent-cell.ts";

const isSequence = (node: Node): boolean => node.type.endsWith("Sequence");

/** The inputs of an operation by what they are. */
function operandsOf(
  node: Node,
  { hasCell }: Cell,
): Readonly<Record<"data" | "hidden" | "input" | "recurrent", Output>> & {
  readonly cell: Output | undefined;
  readonly lengths: Output | undefined;
  readonly bias: Output | undefined;
} {
  const [data, hidden, ...others] = node.inputs;
  const cell = hasCell ? others.shift() : undefined;
  const lengths = isSequence(node) ? others.shift() : undefined;
  const [input, recurrent, bias] = others;
  return { data, hidden, cell, lengths, input, recurrent, bias };
}

/** Whether every sequence is as long as the data. */
const areWhole = (lengths: Output | undefined, steps: number): boolean =>
  lengths === undefined || knownValue(lengths)?.every((length) => length === steps) === true;

/** [batch, part of the units] of a view [..., parts * units] at given leading positions. */
const vectorOf = (view: View, part: number, units: number): View => sliceView(view, 1, part * units, units);

/** The last dimensions that have a position are taken away: [a, b, c, d] at axes 1 and 2 gives [a, d]. */
function at(view: View, positions: Readonly<Record<number, number>>): View {
  const kept = view.shape.map((_, i) => i).filter((i) => positions[i] === undefined);
  const offset = Object.entries(positions).reduce((sum, [axis, p]) => sum + view.strides[Number(axis)] * p, view.offset);
  return { ...view, offset, shape: kept.map((i) => view.shape[i]), strides: kept.map((i) => view.strides[i]) };
}

const pixels = (size: number): WindowAxis => ({ input: size, output: size, kernel: 1, stride: 1, dilation: 1, pad: 0 });

/** One direction of a recurrent operation. */
class Direction {
  readonly #context: LoweringContext;
  readonly #node: Node;
  readonly #cell: Cell;
  readonly #index: number;
  readonly #units: number;

  constructor(context: LoweringContext, node: Node, cell: Cell, index: number) {
    this.#context = context;
    this.#node = node;
    this.#cell = cell;
    this.#index = index;
    this.#units = node.attributes["hidden_size"] as number;
  }

  /** Wx + b of all steps at once: [batch, steps, parts * units]. */
  project(data: View): View {
    const { input, bias } = operandsOf(this.#node, this.#cell);
    const [batch, steps, size] = data.shape;
    const outputs = this.#cell.parts * this.#units;
    const result = this.#context.allocate([batch, steps, outputs], "f32", plainOrder(3), `${this.#node.friendlyName} projection`);
    const rows = (view: View, width: number): View => {
      const flat = this.#context.reshape(view, [batch * steps, width]);
      return { ...flat, shape: [1, width, 1, batch * steps], strides: [0, flat.strides[1], 0, flat.strides[0]] };
    };
    lowerConvolution(
      this.#context,
      {
        output: rows(result, outputs),
        biasKey: bias
          ? problemKey("recurrent", { bias: this.#context.keyOf(bias), direction: this.#index, sequence: isSequence(this.#node) })
          : "none",
        ...(bias && { bias: this.#part(bias).subarray(0, outputs) }),
      },
      { input: rows(data, size), groups: 1, y: pixels(1), x: pixels(batch * steps) },
      {
        key: problemKey("recurrent", { input: this.#context.keyOf(input), direction: this.#index, sequence: isSequence(this.#node) }),
        read: () => denseWeights(this.#part(input).subarray(0, outputs * size), outputs, size, 1, 1),
        outputs,
        inputs: size,
      },
    );
    return result;
  }

  /** One step. `projection` [batch, parts * units]; the states [batch, units]; the cell state is overwritten. */
  step(projection: View, before: View, after: View, cell: View | undefined): void {
    const phaseResults: View[] = [];
    const value = (v: CellValue): View => {
      switch (v.kind) {
        case "projection":
          return vectorOf(projection, v.part, this.#units);
        case "bias":
          return this.#bias(v.part, before.shape[0]);
        case "hidden":
          return before;
        case "cell":
          return cell as View;
        case "phase":
          return phaseResults[v.index];
      }
    };
    for (const phase of this.#cell.phases) {
      const results = phase.results.map(({ expression, into }) => {
        if (into === "cell") return { expression, output: cell as View, state: phase.states.findIndex((s) => s.kind === "cell") };
        return {
          expression,
          output: into === "hidden" ? after : this.#context.allocate(before.shape, "f32", plainOrder(2), "recurrent phase"),
        };
      });
      const problem: RecurrentStepProblem = {
        hidden: value(phase.multiplied),
        starts: phase.gates.map((g) => value(g.start)),
        states: phase.states.map(value),
        results,
        threads: this.#context.threads,
      };
      // The steps differ in where their operands lie, not in what they are.
      const kernel = this.#context.kernels(recurrentStepKernel, problem);
      const weights = this.#weights(phase);
      const outputs = results.filter((r) => r.state === undefined).map((r) => r.output);
      this.#context.step(kernel, [problem.hidden, weights, ...problem.starts, ...problem.states, ...outputs]);
      for (const [i, { into }] of phase.results.entries()) if (into === "phase") phaseResults.push(results[i].output);
    }
  }

  #weights(phase: CellPhase): View {
    const { recurrent } = operandsOf(this.#node, this.#cell);
    const { target } = this.#context;
    const units = this.#units;
    const gates = phase.gates.length;
    const problem = {
      recurrent: this.#context.keyOf(recurrent),
      direction: this.#index,
      sequence: isSequence(this.#node),
      gates: phase.gates,
      units,
    };
    return this.#context.constant(problem, [unitBlocks(units, target) * units * gates * target.lanes], "f32", () => {
      const rows = this.#part(recurrent);
      return packRecurrentWeights(
        gates,
        units,
        units,
        target,
        (gate, unit, k) => rows[(phase.gates[gate].part * units + unit) * units + k],
      );
    });
  }

  /** A part of the bias for each item of the batch. */
  #bias(part: number, batch: number): View {
    const { bias } = operandsOf(this.#node, this.#cell);
    const units = this.#units;
    const problem = { bias: bias && this.#context.keyOf(bias), direction: this.#index, sequence: isSequence(this.#node), part };
    const view = this.#context.constant(problem, [units], "f32", () =>
      bias ? this.#part(bias).slice(part * units, (part + 1) * units) : new Float32Array(units),
    );
    return { ...view, shape: [batch, units], strides: [0, 1] };
  }

  /** This direction's numbers of weights or a bias. */
  #part(output: Output): Float32Array {
    const numbers = this.#context.floats(output) as Float32Array;
    const directions = isSequence(this.#node) ? output.shape[0] : 1;
    const length = numbers.length / directions;
    return numbers.subarray(this.#index * length, (this.#index + 1) * length);
  }
}

/** RNN, GRU and LSTM, cells and sequences, with constant weights: one product for the data of all steps, then a kernel a step. */
export const recurrentLowering: Lowering = {
  types: recurrentTypes,
  accepts(node) {
    const cell = cellOf(node);
    if (cell === undefined || node.inputs[0].elementType !== "f32" || node.inputs[0].shape.includes(0)) return false;
    const { data, lengths, input, recurrent, bias } = operandsOf(node, cell);
    const constants = [input, recurrent, ...(bias ? [bias] : [])];
    return constants.every((c) => c.constant !== undefined) && areWhole(lengths, data.shape[1]);
  },
  lower(context, { anchor }) {
    const cell = cellOf(anchor) as Cell;
    const sequence = isSequence(anchor);
    const operands = operandsOf(anchor, cell);
    const given = context.contiguousAlong(context.view(operands.data), operands.data.shape.length - 1);
    const data: View = sequence
      ? given
      : { ...given, shape: [given.shape[0], 1, given.shape[1]], strides: [given.strides[0], 0, given.strides[1]] };
    const [batch, steps] = data.shape;
    const units = anchor.attributes["hidden_size"] as number;
    const directions = sequence && anchor.attributes["direction"] === "bidirectional" ? 2 : 1;
    const allocate = (shape: readonly number[], name: string): View =>
      context.allocate(shape, "f32", plainOrder(shape.length), `${anchor.friendlyName} ${name}`);
    /** States as [batch, directions, units], dense. */
    const stateOf = (output: Output): View => {
      const view = context.contiguousAlong(context.view(output), output.shape.length - 1);
      return sequence ? view : { ...view, shape: [batch, 1, units], strides: [view.strides[0], 0, view.strides[1]] };
    };
    const all = allocate([batch, directions, steps, units], "outputs");
    const first = stateOf(operands.hidden);
    const cellState = operands.cell && allocate([batch, directions, units], "cell state");
    if (operands.cell && cellState) context.copy(stateOf(operands.cell), cellState);
    const backward = (d: number): boolean => d === 1 || anchor.attributes["direction"] === "reverse";
    for (let d = 0; d < directions; d++) {
      const direction = new Direction(context, anchor, cell, d);
      const projection = direction.project(data);
      let before = at(first, { 1: d });
      for (let s = 0; s < steps; s++) {
        const t = backward(d) ? steps - 1 - s : s;
        const after = at(all, { 1: d, 2: t });
        direction.step(at(projection, { 1: t }), before, after, cellState && at(cellState, { 1: d }));
        before = after;
      }
    }
    const lastOf = (d: number): View => at(all, { 1: d, 2: backward(d) ? 0 : steps - 1 });
    if (sequence) context.define(anchor.outputs[0], all);
    const [hiddenOutput, cellOutput] = anchor.outputs.slice(sequence ? 1 : 0);
    if (directions === 1) {
      const last = lastOf(0);
      context.define(hiddenOutput, sequence ? { ...last, shape: [batch, 1, units], strides: [last.strides[0], 0, 1] } : last);
    } else {
      const both = allocate([batch, directions, units], "last states");
      for (let d = 0; d < directions; d++) context.copy(lastOf(d), at(both, { 1: d }));
      context.define(hiddenOutput, both);
    }
    if (cellOutput && cellState) context.define(cellOutput, sequence ? cellState : at(cellState, { 1: 0 }));
  },
};
