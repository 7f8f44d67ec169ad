import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { Split } from "../../../ops/movement/split.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { GRUSequence5 } from "../../../ops/nn/gru-sequence.ts";
import { LSTMSequence5 } from "../../../ops/nn/lstm-sequence.ts";
import { RNNSequence5 } from "../../../ops/nn/rnn-sequence.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { tensorNumbers } from "../../../tensor/tensor-numbers.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";

interface Mode {
  readonly op: OperationDefinition;
  /** Where OpenVINO's gates stand among MXNet's (cuDNN's): LSTM f, i, c, o among i, f, c, o; GRU z, r, h among r, z, h. */
  readonly gates: readonly number[];
  readonly attributes: Readonly<Record<string, boolean | readonly string[]>>;
}

const modes: Readonly<Record<"rnn_relu" | "rnn_tanh" | "lstm" | "gru", Mode>> = {
  rnn_relu: { op: RNNSequence5, gates: [0], attributes: { activations: ["relu"] } },
  rnn_tanh: { op: RNNSequence5, gates: [0], attributes: { activations: ["tanh"] } },
  lstm: { op: LSTMSequence5, gates: [1, 0, 2, 3], attributes: {} },
  gru: { op: GRUSequence5, gates: [1, 0, 2], attributes: { linear_before_reset: true } },
};

/** Rows of gates in OpenVINO's order. */
function reordered(rows: Float32Array, gates: readonly number[], size: number): Float32Array {
  const out = new Float32Array(rows.length);
  for (const [i, gate] of gates.entries()) out.set(rows.subarray(gate * size, (gate + 1) * size), i * size);
  return out;
}

/** The packed parameters of all layers: weights layer by layer and direction by direction, then biases likewise (rnn-inl.h). */
class PackedParameters {
  readonly #numbers: Float32Array;
  #at = 0;

  constructor(numbers: Float32Array) {
    this.#numbers = numbers;
  }

  take(count: number): Float32Array {
    this.#at += count;
    return this.#numbers.subarray(this.#at - count, this.#at);
  }

  get isUsedUp(): boolean {
    return this.#at === this.#numbers.length;
  }
}

/** Layers of a recurrent network over data [steps, batch, size], with states [layers * directions, batch, hidden]. */
function rnn(node: MxnetNode): readonly Output[] {
  const mode = modes[node.oneOf("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"], "lstm")];
  const layers = node.int("num_layers");
  const hidden = node.int("state_size");
  const directions = node.boolean("bidirectional", false) ? 2 : 1;
  const parameters = node.input(1).constant ?? node.unsupported("RNN with computed parameters is not supported");
  const [steps, batch, size] = node.shapeOf(node.input(0));
  const packed = new PackedParameters(Float32Array.from(tensorNumbers(parameters)));
  const rows = mode.gates.length * hidden;
  const weights = Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: directions }, () => {
      const width = layer === 0 ? size : directions * hidden;
      return { width, input: packed.take(rows * width), recurrent: packed.take(rows * hidden) };
    }),
  );
  const biases = weights.map((ofLayer) => ofLayer.map(() => [packed.take(rows), packed.take(rows)] as const));
  if (!packed.isUsedUp)
    node.fail("the parameters do not have the size that the network asks for", {
      got: `${parameters.size}`,
      hint: "Check the input's shape",
    });

  const float = (values: readonly Float32Array[], shape: readonly number[]): Output =>
    node.constant(
      "f32",
      values.flatMap((v) => Array.from(v)),
      shape,
    );
  const order = (x: Output, axes: readonly number[]): Output => node.add(Transpose, [x, node.constant("i64", axes)]);
  /** [layers * directions, batch, hidden] as [batch, directions, hidden] for each layer. */
  const states = (x: Output): readonly Output[] =>
    (layers === 1 ? [x] : node.addNode(Split, [x, node.constant("i64", 0)], { num_splits: layers }).outputs).map((s) =>
      order(s, [1, 0, 2]),
    );
  const [first, cell] = [states(node.input(2)), mode.op === LSTMSequence5 ? states(node.input(3)) : undefined];
  const lengths = node.constant(
    "i64",
    Array.from({ length: batch }, () => steps),
  );
  let data = order(node.input(0), [1, 0, 2]);
  const last: Output[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const own = weights[layer];
    const bias = biases[layer].map(([i, h]) => biasOf(mode, i, h, hidden));
    const outputs = node.addNode(
      mode.op,
      [
        data,
        first[layer],
        ...(cell ? [cell[layer]] : []),
        lengths,
        float(
          own.map((w) => reordered(w.input, mode.gates, hidden * w.width)),
          [directions, rows, own[0].width],
        ),
        float(
          own.map((w) => reordered(w.recurrent, mode.gates, hidden * hidden)),
          [directions, rows, hidden],
        ),
        float(bias, [directions, bias[0].length]),
      ],
      { hidden_size: hidden, direction: directions === 2 ? "bidirectional" : "forward", ...mode.attributes },
    ).outputs;
    // [batch, directions, steps, hidden] to [batch, steps, directions * hidden].
    data = node.add(Reshape, [order(outputs[0], [0, 2, 1, 3]), node.constant("i64", [0, 0, -1])], { special_zero: true });
    last.push(outputs.slice(1).map((s) => order(s, [1, 0, 2])));
  }
  const all = last[0].map((_, s) =>
    layers === 1
      ? last[0][s]
      : node.add(
          Concat,
          last.map((l) => l[s]),
          { axis: 0 },
        ),
  );
  return [order(data, [1, 0, 2]), ...all];
}

/** Both biases are one, but for GRU's last gate, whose recurrent one is scaled by the reset gate. */
function biasOf(mode: Mode, fromInput: Float32Array, fromHidden: Float32Array, hidden: number): Float32Array {
  const sum = fromInput.map((v, i) => v + fromHidden[i]);
  if (mode.op !== GRUSequence5) return reordered(sum, mode.gates, hidden);
  const both = new Float32Array(4 * hidden);
  both.set(reordered(sum, mode.gates, hidden).subarray(0, 2 * hidden));
  both.set(fromInput.subarray(2 * hidden), 2 * hidden);
  both.set(fromHidden.subarray(2 * hidden), 3 * hidden);
  return both;
}

/** The pieces of a packed list, each flat. */
function parameterConcat(node: MxnetNode): Output {
  const parts = node.allInputs().map((x) => x.constant ?? node.unsupported("computed parameters are not supported"));
  return node.constant(
    "f32",
    parts.flatMap((p) => Array.from(tensorNumbers(p))),
  );
}

export const recurrentOperators: MxnetMappings = { RNN: rnn, _rnn_param_concat: parameterConcat, rnn, rnn_param_concat: parameterConcat };
