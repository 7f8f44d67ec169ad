import type { AttributeValue } from "../../../model/attribute.ts";
import type { Body } from "../../../model/body.ts";
import { Model } from "../../../model/model.ts";
import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { TensorIterator } from "../../../ops/control-flow/tensor-iterator.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Less } from "../../../ops/elementwise/less.ts";
import { Select } from "../../../ops/elementwise/select.ts";
import { parameter } from "../../../ops/infrastructure/parameter.ts";
import { result } from "../../../ops/infrastructure/result.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { Split } from "../../../ops/movement/split.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { GRUSequence5 } from "../../../ops/nn/gru-sequence.ts";
import { LSTMCell1 } from "../../../ops/nn/lstm-cell.ts";
import { LSTMSequence5 } from "../../../ops/nn/lstm-sequence.ts";
import { RNNSequence5 } from "../../../ops/nn/rnn-sequence.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Range4 } from "../../../ops/shape/range.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import { PartialShape } from "../../../tensor/partial-shape.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** A kind of layer: its operation, how many gates and states it has, and its activations where the node names none. */
interface Layer {
  readonly op: OperationDefinition;
  readonly gates: number;
  readonly states: 1 | 2;
  readonly activations: readonly string[];
  /** W, R and bias of ONNX's order of gates in OpenVINO's; axis 1 has the gates. */
  readonly reorder: (node: OnnxNode, gates: Output) => Output;
  /** ONNX's bias, of the inputs' and then of the states' gates, as the operation takes it. */
  readonly bias: (node: OnnxNode, bias: Output) => Output;
}

const split = (node: OnnxNode, x: Output, parts: number): readonly Output[] =>
  node.addNode(Split, [x, node.constant("i64", 1)], { num_splits: parts }).outputs;
const sum = (node: OnnxNode, bias: Output): Output => node.add(Add, [...split(node, bias, 2)]);
const permuted = (node: OnnxNode, x: Output, order: readonly number[]): Output => node.add(Transpose, [x, node.constant("i64", order)]);

/** ONNX has the gates i, o, f, c; OpenVINO f, i, c, o. */
function lstmGates(node: OnnxNode, x: Output): Output {
  const [i, o, f, c] = split(node, x, 4);
  return node.add(Concat, [f, i, c, o], { axis: 1 });
}

/** With `linear_before_reset` the two biases of the last gate stay apart. */
function gruBias(node: OnnxNode, bias: Output): Output {
  if (node.int("linear_before_reset", 0) === 0) return sum(node, bias);
  const [wz, wr, wh, rz, rr, rh] = split(node, bias, 6);
  return node.add(Concat, [node.add(Add, [wz, rz]), node.add(Add, [wr, rr]), wh, rh], { axis: 1 });
}

const same = (_: OnnxNode, x: Output): Output => x;
const lstm: Layer = {
  op: LSTMSequence5,
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  reorder: lstmGates,
  bias: (node, bias) => lstmGates(node, sum(node, bias)),
};
const gru: Layer = { op: GRUSequence5, gates: 3, states: 1, activations: ["Sigmoid", "Tanh"], reorder: same, bias: gruBias };
const rnn: Layer = { op: RNNSequence5, gates: 1, states: 1, activations: ["Tanh"], reorder: same, bias: sum };

/** Lists of activations and their parameters: all directions must have the same. */
function activations(node: OnnxNode, layer: Layer, directions: number): Readonly<Record<string, AttributeValue>> {
  const names = node.strings("activations") ?? Array.from({ length: directions }, () => layer.activations).flat();
  const count = layer.activations.length;
  const first = names.slice(0, count).map((n) => n.toLowerCase());
  if (names.length !== count * directions)
    node.fail('attribute "activations" has the wrong length', { expected: `${count * directions}`, got: `${names.length}` });
  if (names.some((n, i) => n.toLowerCase() !== first[i % count]))
    node.unsupported("activations that differ by direction are not supported", { got: names.join(", ") });
  const numbers = (name: string): number[] => {
    const list = node.floats(name) ?? [];
    return directions === 2 ? list.slice(0, Math.ceil(list.length / 2)) : list;
  };
  return { activations: first, activations_alpha: numbers("activation_alpha"), activations_beta: numbers("activation_beta") };
}

function sequence(node: OnnxNode, layer: Layer): readonly (Output | undefined)[] {
  const batchFirst = node.int("layout", 0) === 1;
  const direction = node.oneOf("direction", ["forward", "reverse", "bidirectional"], "forward");
  const directions = direction === "bidirectional" ? 2 : 1;
  const x = batchFirst ? node.input(0) : permuted(node, node.input(0), [1, 0, 2]);
  const r = node.input(2);
  const hidden = r.partialShape.dimensions?.[2] ?? node.int("hidden_size");
  if (typeof hidden !== "number") node.unsupported("recurrent weights of unknown shape are not supported");
  const lengthAt = (axis: number): Output =>
    node.add(Gather8, [node.add(ShapeOf3, [x], { output_type: "i64" }), node.constant("i64", [axis]), node.constant("i64", 0)], {
      batch_dims: 0,
    });
  const batch = lengthAt(0);
  const zeros = (): Output =>
    node.add(
      Broadcast3,
      [node.constant(x.elementType, [0]), node.add(Concat, [batch, node.constant("i64", [directions, hidden])], { axis: 0 })],
      {
        mode: "numpy",
      },
    );
  const state = (i: number): Output => {
    const given = node.inputs[i];
    if (given === undefined) return zeros();
    return batchFirst ? given : permuted(node, given, [1, 0, 2]);
  };
  const lengths = node.inputs[4]
    ? node.add(Convert, [node.inputs[4]], { destination_type: "i64" })
    : node.add(Broadcast3, [lengthAt(1), batch], { mode: "numpy" });
  const bias =
    node.inputs[3] ??
    node.constant(x.elementType, new Array<number>(directions * 2 * layer.gates * hidden).fill(0), [directions, 2 * layer.gates * hidden]);
  const states = Array.from({ length: layer.states }, (_, i) => state(5 + i));
  const attributes = {
    direction,
    hidden_size: hidden,
    clip: node.has("clip") ? node.float("clip") : 0,
    ...activations(node, layer, directions),
    ...(layer === gru && { linear_before_reset: node.int("linear_before_reset", 0) !== 0 }),
  };
  const inputs = [x, ...states, lengths, layer.reorder(node, node.input(1)), layer.reorder(node, r), layer.bias(node, bias)];
  const [y, ...last] =
    layer === lstm && (node.inputs[7] !== undefined || node.int("input_forget", 0) !== 0)
      ? withPeepholes(node, inputs, attributes)
      : node.addNode(layer.op, inputs, attributes).outputs;
  // [batch, directions, time, hidden] and [batch, directions, hidden]
  return [permuted(node, y, batchFirst ? [0, 2, 1, 3] : [2, 1, 0, 3]), ...last.map((o) => (batchFirst ? o : permuted(node, o, [1, 0, 2])))];
}

/** A sequence has no peepholes, but the first cell has: a loop over the time of each direction. */
function withPeepholes(node: OnnxNode, inputs: readonly Output[], attributes: Readonly<Record<string, AttributeValue>>): readonly Output[] {
  const { direction, ...cell } = attributes;
  const directions = direction === "bidirectional" ? [false, true] : [direction === "reverse"];
  const hidden = attributes["hidden_size"] as number;
  const given =
    node.inputs[7] ??
    node.constant(inputs[0].elementType, new Array<number>(directions.length * 3 * hidden).fill(0), [directions.length, 3 * hidden]);
  const runs = directions.map((backwards, d) =>
    oneDirection(node, [...inputs, given], { ...cell, input_forget: node.int("input_forget", 0) !== 0 }, d, backwards),
  );
  return runs[0].map((_, i) => {
    const all = runs.map((run) => node.add(Unsqueeze, [run[i], node.constant("i64", [1])]));
    return all.length === 1 ? all[0] : node.add(Concat, all, { axis: 1 });
  });
}

/** Direction `d` of an LSTM of cells: outputs [batch, time, hidden], and the last states [batch, hidden]. Behind a sequence's end the state stays. */
function oneDirection(
  node: OnnxNode,
  [x, h, c, lengths, w, r, bias, peepholes]: readonly Output[],
  cell: Readonly<Record<string, AttributeValue>>,
  d: number,
  backwards: boolean,
): readonly Output[] {
  const pick = (o: Output, axis: number): Output =>
    node.add(Gather8, [o, node.constant("i64", d), node.constant("i64", axis)], { batch_dims: 0 });
  const time = node.add(Gather8, [node.add(ShapeOf3, [x], { output_type: "i64" }), node.constant("i64", 1), node.constant("i64", 0)], {
    batch_dims: 0,
  });
  const steps = node.add(Range4, [node.constant("i64", 0), time, node.constant("i64", 1)], { output_type: "i64" });
  const outside = [pick(h, 1), pick(c, 1), lengths, ...[w, r, bias, peepholes].map((o) => pick(o, 0))];
  const { dimensions } = x.partialShape;
  const [part, step] = [
    parameter(x.elementType, new PartialShape(dimensions?.map((length, i) => (i === 1 ? 1 : length))), "x"),
    parameter("i64", new PartialShape([1]), "step"),
  ];
  const own = outside.map((o, i) => parameter(o.elementType, o.partialShape, `inside${i}`));
  const [ownH, ownC, ownLengths, ...weights] = own.map((p) => p.outputs[0]);
  const now = node.add(Squeeze1, [part.outputs[0], node.constant("i64", [1])]);
  const next = node.addNode(LSTMCell1, [now, ownH, ownC, ...weights], { ...cell, weights_format: "fico" }).outputs;
  const isInside = node.add(Unsqueeze, [node.add(Less, [step.outputs[0], ownLengths]), node.constant("i64", [1])]);
  const [nextH, nextC] = [ownH, ownC].map((before, i) => node.add(Select, [isInside, next[i], before]));
  const output = node.add(Unsqueeze, [node.add(Select, [isInside, next[0], node.constant(x.elementType, 0)]), node.constant("i64", [1])]);
  const slices = (axis: number) =>
    backwards ? { axis, start: -1, end: 0, stride: -1, partSize: 1 } : { axis, start: 0, end: -1, stride: 1, partSize: 1 };
  const body: Body = {
    model: new Model({ name: node.name, parameters: [part, step, ...own], results: [nextH, nextC, output].map((o) => result(o)) }),
    inputs: [
      { kind: "sliced", parameter: 0, input: 0, ...slices(1) },
      { kind: "sliced", parameter: 1, input: 1, ...slices(0) },
      { kind: "merged", parameter: 2, input: 2, result: 0 },
      { kind: "merged", parameter: 3, input: 3, result: 1 },
      ...own.slice(2).map((_, i) => ({ kind: "invariant", parameter: 4 + i, input: 4 + i }) as const),
    ],
    outputs: [
      { kind: "concatenated", result: 2, output: 0, ...slices(1) },
      { kind: "last", result: 0, output: 1 },
      { kind: "last", result: 1, output: 2 },
    ],
  };
  return node.addNode(TensorIterator, [x, steps, ...outside], {}, [body]).outputs;
}

export const recurrentOperators: readonly Operator[] = [
  onnxOperator("GRU", (node) => sequence(node, gru)),
  onnxOperator("LSTM", (node) => sequence(node, lstm)),
  onnxOperator("RNN", (node) => sequence(node, rnn)),
];
