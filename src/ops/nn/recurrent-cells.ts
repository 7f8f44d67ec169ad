import type { NumberArray } from "../../tensor/tensor-numbers.ts";

type Activation = (x: number) => number;

/** One step of a recurrent network for one batch item: changes `state` to that of the next step. */
interface CellState {
  readonly hidden: Float64Array;
  /** The cell state; of LSTM only. */
  readonly cell: Float64Array;
}

/** Weights of one direction, as offsets into the operation's inputs: rows are gate by gate. */
export interface CellWeights {
  readonly input: NumberArray;
  readonly recurrent: NumberArray;
  readonly bias: NumberArray;
  /** Peepholes of LSTM, of gates i, o and f. */
  readonly peepholes?: NumberArray | undefined;
  readonly inputSize: number;
  readonly hiddenSize: number;
}

export type CellStep = (weights: CellWeights, x: NumberArray, state: CellState) => void;

const sigmoid: Activation = (x) => 1 / (1 + Math.exp(-x));

/** Names that the attribute `activations` may hold. */
export const activationNames = ["sigmoid", "tanh", "relu", "hardsigmoid"] as const;

/** What recurrent operations have, and some kinds of cells. */
export type CellAttributes = {
  readonly hidden_size: number;
  readonly activations: readonly string[];
  readonly activations_alpha: readonly number[];
  readonly activations_beta: readonly number[];
  readonly clip: number;
  readonly linear_before_reset?: boolean;
  readonly input_forget?: boolean;
};

/** Activation `i` of the attributes, with its alpha and beta where it takes them. */
function activation(attributes: CellAttributes, i: number): Activation {
  const at = (name: "activations_alpha" | "activations_beta", otherwise: number): number => attributes[name][i] ?? otherwise;
  switch (attributes.activations[i].toLowerCase()) {
    case "tanh":
      return Math.tanh;
    case "relu":
      return (x) => Math.max(0, x);
    case "hardsigmoid":
      return (x) => Math.min(1, Math.max(0, at("activations_alpha", 0.2) * x + at("activations_beta", 0.5)));
    default:
      return sigmoid;
  }
}

/** Limits what goes into an activation to [-clip, clip]; 0 means no limit. */
const clipper = (attributes: CellAttributes): Activation => {
  const clip = attributes.clip;
  return clip > 0 ? (x) => Math.min(clip, Math.max(-clip, x)) : (x) => x;
};

/** Row `row` of a matrix times a vector. */
function dot(matrix: NumberArray, row: number, vector: NumberArray, length: number): number {
  let sum = 0;
  for (let k = 0, at = row * length; k < length; k++) sum += matrix[at + k] * vector[k];
  return sum;
}

/** Row `row` of Wx + Rh + b. */
const gate = (w: CellWeights, row: number, x: NumberArray, hidden: Float64Array): number =>
  dot(w.input, row, x, w.inputSize) + dot(w.recurrent, row, hidden, w.hiddenSize) + w.bias[row];

/** Plain recurrence: h = f(Wx + Rh + b). */
export function rnnStep(attributes: CellAttributes): CellStep {
  const f = activation(attributes, 0);
  const clip = clipper(attributes);
  return (w, x, { hidden }) => hidden.set(hidden.map((_, i) => f(clip(gate(w, i, x, hidden)))));
}

/** GRU (Cho et al., 2014), gates z, r, h; with `linear_before_reset` r scales Rh + b, and the bias has a fourth part for it. */
export function gruStep(attributes: CellAttributes): CellStep {
  const [f, g] = [activation(attributes, 0), activation(attributes, 1)];
  const clip = clipper(attributes);
  const linear = attributes.linear_before_reset;
  return (w, x, { hidden }) => {
    const n = w.hiddenSize;
    const z = hidden.map((_, i) => f(clip(gate(w, i, x, hidden))));
    const r = hidden.map((_, i) => f(clip(gate(w, n + i, x, hidden))));
    const scaled = hidden.map((h, i) => r[i] * h);
    const candidate = hidden.map((_, i) => {
      const row = 2 * n + i;
      const fromInput = dot(w.input, row, x, w.inputSize);
      const fromState = linear ? r[i] * (dot(w.recurrent, row, hidden, n) + w.bias[3 * n + i]) : dot(w.recurrent, row, scaled, n);
      return g(clip(fromInput + fromState + w.bias[row]));
    });
    hidden.set(hidden.map((h, i) => (1 - z[i]) * candidate[i] + z[i] * h));
  };
}

/** LSTM (Hochreiter and Schmidhuber, 1997). `order` gives the place of the gates f, i, c, o among the rows. */
export function lstmStep(attributes: CellAttributes, order: readonly [number, number, number, number] = [0, 1, 2, 3]): CellStep {
  const [f, g, h] = [0, 1, 2].map((i) => activation(attributes, i));
  const clip = clipper(attributes);
  const coupled = attributes.input_forget;
  return (w, x, { hidden, cell }) => {
    const n = w.hiddenSize;
    const peephole = (part: number, i: number, c: number): number => (w.peepholes ? w.peepholes[part * n + i] * c : 0);
    const next = hidden.map((_, i) => {
      const [forget, input, candidate, output] = order.map((part) => gate(w, part * n + i, x, hidden));
      const entering = f(clip(input + peephole(0, i, cell[i])));
      const kept = coupled ? 1 - entering : f(clip(forget + peephole(2, i, cell[i])));
      cell[i] = kept * cell[i] + entering * g(clip(candidate));
      return f(clip(output + peephole(1, i, cell[i]))) * h(cell[i]);
    });
    hidden.set(next);
  };
}
