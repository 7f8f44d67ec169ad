import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../../test/support/evaluate-model.ts";
import { floats, node, readOnnx, value } from "../../../test/support/onnx-model.ts";
import { seededNumbers } from "../../../test/support/check-rewrite.ts";
import { TensorProto_DataType as DataType } from "../../formats/protobuf/generated/onnx_pb.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { transposeTensor } from "../../ops/movement/transpose.ts";

const [time, batch, size, hidden] = [4, 3, 2, 2];
const gates = { LSTM: 4, GRU: 3, RNN: 1 } as const;
type Layer = keyof typeof gates;

interface Options {
  readonly directions?: 1 | 2;
  readonly attributes?: Parameters<typeof node>[3];
  /** Peepholes of zeros. */
  readonly peepholes?: boolean;
  readonly lengths?: readonly number[];
}

/** A layer of seeded weights on seeded data, by its outputs. */
function run(layer: Layer, { directions = 1, attributes = {}, peepholes = false, lengths }: Options): Tensor[] {
  const rows = gates[layer] * hidden;
  const weights = (name: string, seed: number, ...dims: number[]) =>
    floats(
      name,
      dims,
      seededNumbers(
        dims.reduce((n, d) => n * d, 1),
        seed,
      ).map((x) => x / 3),
    );
  const batchFirst = attributes["layout"] === 1;
  const x = new Tensor("f32", [time, batch, size], seededNumbers(time * batch * size, 9));
  const outputs = layer === "LSTM" ? ["y", "h", "c"] : ["y", "h"];
  const model = readOnnx({
    opset: 14,
    inputs: [
      value("x", batchFirst ? [batch, time, size] : [time, batch, size]),
      ...(lengths ? [value("lengths", [batch], DataType.INT32)] : []),
    ],
    outputs,
    initializers: [
      weights("w", 1, directions, rows, size),
      weights("r", 2, directions, rows, hidden),
      weights("b", 3, directions, 2 * rows),
      floats("p", [directions, 3 * hidden], new Array<number>(directions * 3 * hidden).fill(0)),
    ],
    nodes: [
      node(layer, ["x", "w", "r", "b", lengths ? "lengths" : "", "", ...(layer === "LSTM" ? ["", peepholes ? "p" : ""] : [])], outputs, {
        hidden_size: hidden,
        ...(directions === 2 && { direction: "bidirectional" }),
        ...attributes,
      }),
    ],
  });
  const given = batchFirst ? transposeTensor(x, [1, 0, 2]) : x;
  return evaluateModel(model, [given, ...(lengths ? [new Tensor("i32", [batch], lengths)] : [])]);
}

const close = (got: readonly Tensor[], wanted: readonly Tensor[]): void => {
  expect(got.map((t) => t.shape)).toEqual(wanted.map((t) => t.shape));
  for (const [i, t] of got.entries())
    for (const [k, x] of Array.from(t.data, Number).entries()) expect(x).toBeCloseTo(Number(wanted[i].data[k]), 5);
};

describe.each(["LSTM", "GRU", "RNN"] as const)("%s", (layer) => {
  test("has ONNX's shapes", () => {
    const state = [2, batch, hidden];
    expect(run(layer, { directions: 2 }).map((t) => t.shape)).toEqual([
      [time, 2, batch, hidden],
      state,
      ...(layer === "LSTM" ? [state] : []),
    ]);
  });

  test("gives with the batch first what it gives with the time first", () => {
    const [y, ...states] = run(layer, { directions: 2 });
    const wanted = [transposeTensor(y, [2, 0, 1, 3]), ...states.map((s) => transposeTensor(s, [1, 0, 2]))];
    close(run(layer, { directions: 2, attributes: { layout: 1 } }), wanted);
  });

  test("ends each sequence at its length", () => {
    const [y, h] = run(layer, { lengths: [4, 2, 1] });
    const at = (t: number, n: number): number[] => Array.from(y.data, Number).slice((t * batch + n) * hidden, (t * batch + n + 1) * hidden);
    expect([at(2, 1), at(1, 2)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect([at(3, 0), at(1, 1), at(0, 2)].flat()).toEqual(Array.from(h.data, Number));
  });
});

describe("LSTM with peepholes", () => {
  test.each([
    ["forward", {}],
    ["in both directions", { directions: 2 as const }],
    ["backwards, of given lengths", { attributes: { direction: "reverse" }, lengths: [4, 2, 1] }],
  ])("%s is one without where they are 0", (_, options: Options) => {
    close(run("LSTM", { ...options, peepholes: true }), run("LSTM", options));
  });
});
