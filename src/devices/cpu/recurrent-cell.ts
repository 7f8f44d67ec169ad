import type { Attributes } from "../../model/attribute.ts";
import type { Node } from "../../model/node.ts";
import { add, div, exp, input as x, max, min, mul, type ScalarExpression, sub, tanh } from "../../model/scalar-expression.ts";

/** A vector of a step: a part of the data's projection Wx + b, the same numbers at each step, or what earlier steps and phases gave. */
export type CellValue =
  | { readonly kind: "projection"; readonly part: number }
  /** A part of the bias that the projection leaves out. */
  | { readonly kind: "bias"; readonly part: number }
  | { readonly kind: "hidden" | "cell" }
  /** Result `index` of the first phase. */
  | { readonly kind: "phase"; readonly index: number };

/** A part of a step whose units depend on nothing that it computes. */
export interface CellPhase {
  /** What the recurrent weights multiply. */
  readonly multiplied: CellValue;
  /** Each gate's start, and its part of the recurrent weights. */
  readonly gates: readonly { readonly start: CellValue; readonly part: number }[];
  readonly states: readonly CellValue[];
  /** Expressions of the gates, the states and the results before; the last of a step's results is the new hidden state. */
  readonly results: readonly { readonly expression: ScalarExpression; readonly into: "hidden" | "cell" | "phase" }[];
}

/** How a recurrent operation computes a step. */
export interface Cell {
  /** Parts of W, R and of the bias that goes with the projection, each of `hidden_size` rows. */
  readonly parts: number;
  readonly hasCell: boolean;
  readonly phases: readonly CellPhase[];
}

type Activation = (e: ScalarExpression) => ScalarExpression;

const sigmoid: Activation = (e) => div(1, add(1, exp(sub(0, e))));

/** Activation `i` of the attributes behind the clip; undefined for one that has no expression here. */
function activation(attributes: Attributes, i: number): Activation | undefined {
  const clip = attributes["clip"] as number;
  const clipped: Activation = (e) => (clip > 0 ? min(clip, max(-clip, e)) : e);
  const parameter = (name: string, otherwise: number): number => (attributes[name] as readonly number[])[i] ?? otherwise;
  const known: Readonly<Record<string, Activation>> = {
    sigmoid,
    tanh,
    relu: (e) => max(0, e),
    hardsigmoid: (e) => min(1, max(0, add(mul(e, parameter("activations_alpha", 0.2)), parameter("activations_beta", 0.5)))),
  };
  const f = known[(attributes["activations"] as readonly string[])[i].toLowerCase()];
  return f && ((e) => f(clipped(e)));
}

const projection = (part: number): CellValue => ({ kind: "projection", part });
const hidden: CellValue = { kind: "hidden" };
const gate = (part: number): { readonly start: CellValue; readonly part: number } => ({ start: projection(part), part });

/** h = f(Wx + Rh + b). */
function rnn(attributes: Attributes): Cell | undefined {
  const f = activation(attributes, 0);
  return (
    f && {
      parts: 1,
      hasCell: false,
      phases: [{ multiplied: hidden, gates: [gate(0)], states: [], results: [{ expression: f(x(0)), into: "hidden" }] }],
    }
  );
}

/** GRU, gates z, r, h; with `linear_before_reset` r scales Rh + b, else h before it is multiplied. */
function gru(attributes: Attributes): Cell | undefined {
  const [f, g] = [activation(attributes, 0), activation(attributes, 1)];
  if (!f || !g) return undefined;
  const mixed = (z: ScalarExpression, candidate: ScalarExpression, h: ScalarExpression): ScalarExpression =>
    add(mul(sub(1, z), candidate), mul(z, h));
  if (attributes["linear_before_reset"] === true)
    return {
      parts: 3,
      hasCell: false,
      phases: [
        {
          multiplied: hidden,
          gates: [gate(0), gate(1), { start: { kind: "bias", part: 3 }, part: 2 }],
          states: [projection(2), hidden],
          results: [{ expression: mixed(f(x(0)), g(add(x(3), mul(f(x(1)), x(2)))), x(4)), into: "hidden" }],
        },
      ],
    };
  return {
    parts: 3,
    hasCell: false,
    phases: [
      {
        multiplied: hidden,
        gates: [gate(0), gate(1)],
        states: [hidden],
        results: [
          { expression: f(x(0)), into: "phase" },
          { expression: mul(f(x(1)), x(2)), into: "phase" },
        ],
      },
      {
        multiplied: { kind: "phase", index: 1 },
        gates: [gate(2)],
        states: [{ kind: "phase", index: 0 }, hidden],
        results: [{ expression: mixed(x(1), g(x(0)), x(2)), into: "hidden" }],
      },
    ],
  };
}

/** LSTM, gates f, i, c, o. The third activation takes the cell state as it is, not clipped. */
function lstm(attributes: Attributes): Cell | undefined {
  const [f, g, h] = [activation(attributes, 0), activation(attributes, 1), activation({ ...attributes, clip: 0 }, 2)];
  if (!f || !g || !h) return undefined;
  return {
    parts: 4,
    hasCell: true,
    phases: [
      {
        multiplied: hidden,
        gates: [gate(0), gate(1), gate(2), gate(3)],
        states: [{ kind: "cell" }],
        results: [
          { expression: add(mul(f(x(0)), x(4)), mul(f(x(1)), g(x(2)))), into: "cell" },
          { expression: mul(f(x(3)), h(x(5))), into: "hidden" },
        ],
      },
    ],
  };
}

const cells: Readonly<Record<string, (attributes: Attributes) => Cell | undefined>> = {
  RNNCell: rnn,
  RNNSequence: rnn,
  GRUCell: gru,
  GRUSequence: gru,
  LSTMCell: lstm,
  LSTMSequence: lstm,
};

/** The recurrent operations that have a cell here. */
export const recurrentTypes: readonly string[] = Object.keys(cells);

/** The cell of a recurrent operation; undefined for peepholes and other orders of gates (opset1), and for unknown activations. */
export const cellOf = (node: Node): Cell | undefined =>
  node.type.startsWith("LSTM") && node.op.since === "opset1" ? undefined : cells[node.type]?.(node.attributes);
