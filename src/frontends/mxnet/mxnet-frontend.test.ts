import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { readNdArrays } from "../../formats/mxnet/read-nd-arrays.ts";
import type { Model } from "../../model/model.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { Core } from "../../runtime/core.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { readModelSync } from "../read-model.ts";

/** Words of a file: 32-bit ones as numbers, 64-bit ones as BigInts, floats and texts as bytes. */
function bytesOf(...parts: readonly (number | bigint | Uint8Array)[]): Uint8Array {
  const pieces = parts.map((p) =>
    p instanceof Uint8Array
      ? p
      : typeof p === "bigint"
        ? new Uint8Array(BigInt64Array.of(p).buffer)
        : new Uint8Array(Uint32Array.of(p >>> 0).buffer),
  );
  const out = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const longs = (...values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

type Forms = Readonly<Record<string, (shape: readonly number[], values: readonly number[]) => Uint8Array>>;
/** An array of f32 in each form of the format. */
const forms: Forms = {
  legacy: (shape, values) => bytesOf(shape.length, ...shape, 1, 0, 0, floats(...values)),
  V1: (shape, values) => bytesOf(0xf993fac8, shape.length, longs(...shape), 1, 0, 0, floats(...values)),
  V2: (shape, values) => bytesOf(0xf993fac9, 0, shape.length, longs(...shape), 1, 0, 0, floats(...values)),
  V3: (shape, values) => bytesOf(0xf993faca, 0, shape.length, longs(...shape), 1, 0, 0, floats(...values)),
};
const listOf = (arrays: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  bytesOf(
    0x112n,
    0n,
    BigInt(Object.keys(arrays).length),
    ...Object.values(arrays),
    BigInt(Object.keys(arrays).length),
    ...Object.keys(arrays).flatMap((n) => [BigInt(n.length), text(n)]),
  );

type Arrays = Readonly<Record<string, readonly [shape: readonly number[], values: readonly number[]]>>;
const params = (arrays: Arrays): Uint8Array =>
  listOf(Object.fromEntries(Object.entries(arrays).map(([name, [shape, values]]) => [`arg:${name}`, forms["V2"](shape, values)])));

interface NodeText {
  readonly op: string;
  readonly name: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly inputs?: readonly (readonly number[])[];
}
const symbol = (nodes: readonly NodeText[], heads: readonly (readonly number[])[] = [[nodes.length - 1, 0, 0]]): Uint8Array =>
  text(JSON.stringify({ nodes: nodes.map((n) => ({ inputs: [], ...n })), arg_nodes: [], heads }));

/** A data input, variables for the arrays, and one operator that reads them all. */
const oneOperator = (op: string, attrs: Readonly<Record<string, string>>, arrays: Arrays, shape: readonly number[]): Uint8Array =>
  symbol([
    { op: "null", name: "data", attrs: { __shape__: `(${shape.join(", ")})` } },
    ...Object.keys(arrays).map((name) => ({ op: "null", name })),
    { op, name: "y", attrs, inputs: [0, ...Object.keys(arrays).map((_, i) => i + 1)].map((i) => [i, 0, 0]) },
  ]);

const read = (json: Uint8Array, arrays: Arrays = {}): Model =>
  readModelSync({ name: "net-symbol.json", bytes: json, files: { "net-0001.params": params(arrays) } });

function run(model: Model, numbers?: readonly number[]): { name: string; shape: readonly number[]; values: number[] }[] {
  const compiled = new Core().compileModelSync(model, "REFERENCE");
  const [{ shape }] = model.inputs;
  const size = shape.reduce((n, d) => n * d, 1);
  const outputs = compiled.createInferRequest().infer([
    new Tensor(
      "f32",
      shape,
      Float32Array.from({ length: size }, (_, k) => numbers?.[k] ?? k),
    ),
  ]);
  compiled.dispose();
  return Object.entries(outputs).map(([name, t]) => ({
    name,
    shape: t.shape,
    values: Array.from(t.data as Float32Array, (v) => Math.round(v * 1e4) / 1e4),
  }));
}

describe("operators compute what MXNet computes", () => {
  test.each<
    [
      string,
      Readonly<Record<string, string>>,
      Arrays,
      readonly number[],
      readonly number[] | undefined,
      readonly number[],
      readonly number[],
    ]
  >([
    [
      "FullyConnected",
      { num_hidden: "2" },
      {
        w: [
          [2, 2],
          [1, 2, 3, 4],
        ],
        b: [[2], [10, 20]],
      },
      [1, 2, 1],
      [1, 1],
      [1, 2],
      [13, 27],
    ],
    [
      "Convolution",
      { kernel: "(1, 3)", num_filter: "1", pad: "(0, 1)" },
      {
        w: [
          [1, 1, 1, 3],
          [1, 10, 100],
        ],
        b: [[1], [0.5]],
      },
      [1, 1, 1, 3],
      [1, 2, 3],
      [1, 1, 1, 3],
      [210.5, 321.5, 32.5],
    ],
    [
      "Deconvolution",
      { kernel: "(1, 2)", num_filter: "1", stride: "(1, 2)" },
      {
        w: [
          [1, 1, 1, 2],
          [1, 10],
        ],
      },
      [1, 1, 1, 2],
      [1, 2],
      [1, 1, 1, 4],
      [1, 10, 2, 20],
    ],
    ["Pooling", { kernel: "(3, 3)", stride: "(2, 2)", pool_type: "max" }, {}, [1, 1, 4, 4], undefined, [1, 1, 1, 1], [10]],
    [
      "Pooling",
      { kernel: "(3, 3)", stride: "(2, 2)", pool_type: "max", pooling_convention: "full" },
      {},
      [1, 1, 4, 4],
      undefined,
      [1, 1, 2, 2],
      [10, 11, 14, 15],
    ],
    ["Pooling", { kernel: "(2, 2)", pool_type: "avg", global_pool: "True" }, {}, [1, 2, 1, 2], undefined, [1, 2, 1, 1], [0.5, 2.5]],
    ["Pooling", { kernel: "(1, 2)", pool_type: "sum" }, {}, [1, 1, 1, 3], undefined, [1, 1, 1, 2], [1, 3]],
    [
      "BatchNorm",
      { eps: "0", fix_gamma: "True" },
      { gamma: [[2], [9, 9]], beta: [[2], [0, 1]], mean: [[2], [1, 2]], variance: [[2], [1, 4]] },
      [1, 2],
      [3, 4],
      [1, 2],
      [2, 2],
    ],
    [
      "BatchNorm",
      { eps: "0", fix_gamma: "False" },
      { gamma: [[2], [2, 3]], beta: [[2], [0, 1]], mean: [[2], [1, 2]], variance: [[2], [1, 4]] },
      [1, 2],
      [3, 4],
      [1, 2],
      [4, 4],
    ],
    ["LeakyReLU", { act_type: "leaky", slope: "0.5" }, {}, [1, 2], [-2, 2], [1, 2], [-1, 2]],
    ["LeakyReLU", { act_type: "prelu" }, { slope: [[2], [0.1, 0.5]] }, [1, 2], [-2, -2], [1, 2], [-0.2, -1]],
    ["LayerNorm", { axis: "-1", eps: "0" }, { gamma: [[2], [1, 2]], beta: [[2], [0, 1]] }, [1, 2], [1, 3], [1, 2], [-1, 3]],
    ["L2Normalization", { mode: "instance" }, {}, [1, 2], [3, 4], [1, 2], [0.6, 0.8]],
    ["SoftmaxOutput", {}, {}, [1, 2, 1], [0, 0], [1, 2, 1], [0.5, 0.5]],
    ["softmax", { axis: "0", temperature: "2" }, {}, [2], [0, 0], [2], [0.5, 0.5]],
    ["Reshape", { shape: "(0, -4, 2, -1, -2)" }, {}, [1, 4, 3], undefined, [1, 2, 2, 3], Array.from({ length: 12 }, (_, i) => i)],
    ["Reshape", { shape: "(-3, 0)" }, {}, [2, 2, 3], undefined, [4, 3], Array.from({ length: 12 }, (_, i) => i)],
    ["Reshape", { shape: "(-1, 0)", reverse: "True" }, {}, [2, 2, 3], undefined, [4, 3], Array.from({ length: 12 }, (_, i) => i)],
    ["transpose", {}, {}, [2, 2], undefined, [2, 2], [0, 2, 1, 3]],
    ["SwapAxis", { dim1: "0", dim2: "1" }, {}, [1, 2], undefined, [2, 1], [0, 1]],
    ["slice", { begin: "(None, 1)", end: "(None, None)", step: "(None, 2)" }, {}, [2, 4], undefined, [2, 2], [1, 3, 5, 7]],
    ["slice_axis", { axis: "1", begin: "1", end: "None" }, {}, [1, 3], undefined, [1, 2], [1, 2]],
    ["Crop", { h_w: "(1, 2)", center_crop: "True" }, {}, [1, 1, 3, 4], undefined, [1, 1, 1, 2], [5, 6]],
    [
      "Pad",
      { mode: "constant", pad_width: "(0, 0, 0, 0, 1, 0, 0, 1)", constant_value: "7" },
      {},
      [1, 1, 1, 1],
      [3],
      [1, 1, 2, 2],
      [7, 7, 3, 7],
    ],
    ["repeat", { repeats: "2", axis: "1" }, {}, [1, 2], undefined, [1, 4], [0, 0, 1, 1]],
    ["UpSampling", { scale: "2", sample_type: "nearest" }, {}, [1, 1, 1, 2], undefined, [1, 1, 2, 4], [0, 0, 1, 1, 0, 0, 1, 1]],
    ["mean", { axis: "(1,)", exclude: "True" }, {}, [2, 2], undefined, [2], [1, 2]],
    ["sum", {}, {}, [2, 2], undefined, [1], [6]],
    ["argmax", { axis: "1" }, {}, [1, 3], [1, 5, 2], [1], [1]],
    ["_rminus_scalar", { scalar: "10" }, {}, [2], undefined, [2], [10, 9]],
    ["_greater_scalar", { scalar: "0" }, {}, [2], undefined, [2], [0, 1]],
    ["clip", { a_min: "0.5", a_max: "1.5" }, {}, [3], undefined, [3], [0.5, 1, 1.5]],
    [
      "Embedding",
      { input_dim: "3", output_dim: "2" },
      {
        w: [
          [3, 2],
          [0, 1, 10, 11, 20, 21],
        ],
      },
      [1, 2],
      [2, 0],
      [1, 2, 2],
      [20, 21, 0, 1],
    ],
    ["square", {}, {}, [2], [3, -2], [2], [9, 4]],
  ])("%s %j", (op, attrs, arrays, shape, numbers, outShape, values) => {
    const [output] = run(read(oneOperator(op, attrs, arrays, shape), arrays), numbers);
    expect(output).toEqual({ name: "y_output", shape: outShape, values });
  });

  test.each(["lstm", "gru", "rnn_tanh"])("RNN of two layers, %s, is the recurrence that its gates spell out", (mode) => {
    const [steps, batch, size, hidden, layers] = [3, 1, 2, 2, 2];
    const gates = { lstm: 4, gru: 3, rnn_tanh: 1 }[mode] ?? 1;
    const count = layers * gates * hidden * (size + hidden) + layers * 2 * gates * hidden;
    const values = Array.from({ length: count }, (_, i) => Math.sin(i * 1.7) * 0.6);
    const state = [layers, batch, hidden];
    const arrays: Arrays = {
      p: [[count], values],
      h: [state, [0.1, -0.2, 0.3, 0.4]],
      ...(mode === "lstm" ? { c: [state, [0.5, 0.6, -0.7, 0.8]] as const } : {}),
    };
    const attrs = { mode, num_layers: "2", state_size: "2", state_outputs: "True" };
    const [output] = run(read(oneOperator("RNN", attrs, arrays, [steps, batch, size]), arrays), [0.5, -1, 1, 0.25, -0.5, 0.75]);
    expect(output.shape).toEqual([steps, batch, hidden]);
    const expected = recurrence(mode, values, arrays, [0.5, -1, 1, 0.25, -0.5, 0.75]);
    for (const [i, v] of output.values.entries()) expect(v).toBeCloseTo(expected[i], 3);
  });
});

/** cuDNN's equations, gates i f c o and r z n, for two layers of two units over three steps. */
function recurrence(mode: string, p: readonly number[], arrays: Arrays, data: readonly number[]): number[] {
  const gates = { lstm: 4, gru: 3, rnn_tanh: 1 }[mode] ?? 1;
  const [size, hidden] = [2, 2];
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const perLayer = gates * hidden * (size + hidden);
  let inputs = [0, 1, 2].map((t) => data.slice(t * 2, t * 2 + 2));
  for (let layer = 0; layer < 2; layer++) {
    const w = p.slice(layer * perLayer, layer * perLayer + gates * hidden * size);
    const r = p.slice(layer * perLayer + gates * hidden * size, (layer + 1) * perLayer);
    const biasAt = 2 * perLayer + layer * 2 * gates * hidden;
    const bw = p.slice(biasAt, biasAt + gates * hidden);
    const br = p.slice(biasAt + gates * hidden, biasAt + 2 * gates * hidden);
    let h = arrays["h"][1].slice(layer * 2, layer * 2 + 2);
    let c = (arrays["c"]?.[1] ?? []).slice(layer * 2, layer * 2 + 2);
    inputs = inputs.map((x) => {
      const wx = (g: number, u: number): number => x.reduce((s, v, k) => s + w[(g * hidden + u) * size + k] * v, bw[g * hidden + u]);
      const rh = (g: number, u: number): number => h.reduce((s, v, k) => s + r[(g * hidden + u) * hidden + k] * v, br[g * hidden + u]);
      const both = (g: number, u: number): number => wx(g, u) + rh(g, u);
      const next = [0, 1].map((u) => {
        if (mode === "rnn_tanh") return { h: Math.tanh(both(0, u)), c: 0 };
        if (mode === "gru") {
          const [reset, update] = [sigmoid(both(0, u)), sigmoid(both(1, u))];
          return { h: (1 - update) * Math.tanh(wx(2, u) + reset * rh(2, u)) + update * h[u], c: 0 };
        }
        const cell = sigmoid(both(1, u)) * c[u] + sigmoid(both(0, u)) * Math.tanh(both(2, u));
        return { h: sigmoid(both(3, u)) * Math.tanh(cell), c: cell };
      });
      h = next.map((n) => n.h);
      c = next.map((n) => n.c);
      return [...h];
    });
  }
  return inputs.flat();
}

describe("arrays", () => {
  test.each(Object.keys(forms))("of the form %s", (form) => {
    const [array] = readNdArrays(listOf({ "arg:w": forms[form]([2, 1], [1, 2]) }), "net.params").values();
    expect([array.elementType, array.shape, Array.from(array.data as Float32Array)]).toEqual(["f32", [2, 1], [1, 2]]);
  });

  test("of other types, sparse ones, and ones that were never filled", () => {
    const halves = bytesOf(0xf993fac9, 0, 1, longs(2), 1, 0, 2, new Uint8Array(Uint16Array.of(0x3c00, 0x4000).buffer));
    const rows = bytesOf(0xf993fac9, 1, 2, longs(1, 2), 2, longs(3, 2), 1, 0, 0, 6, 1, longs(1), floats(5, 6), longs(2));
    const compressed = bytesOf(
      0xf993fac9,
      2,
      1,
      longs(2),
      2,
      longs(2, 3),
      1,
      0,
      0,
      6,
      1,
      longs(3),
      6,
      1,
      longs(2),
      floats(7, 8),
      longs(0, 1, 2),
      longs(2, 0),
    );
    const none = bytesOf(0xf993fac9, 0, 0);
    const arrays = readNdArrays(listOf({ halves, rows, compressed, none }), "net.params");
    expect(arrays.get("halves")?.elementType).toBe("f16");
    expect(Array.from(arrays.get("rows")?.data as Float32Array)).toEqual([0, 0, 0, 0, 5, 6]);
    expect(Array.from(arrays.get("compressed")?.data as Float32Array)).toEqual([0, 0, 7, 8, 0, 0]);
    expect(arrays.has("none")).toBe(false);
  });

  test.each<[string, Uint8Array, string]>([
    ["another file", bytesOf(1n, 0n), "no list"],
    ["a truncated one", listOf({ w: forms["V2"]([4], [1, 2, 3, 4]) }).slice(0, 70), "at byte"],
    ["absurd counts", bytesOf(0x112n, 0n, 1n << 60n), "entries that the file does not hold"],
    ["absurd shapes", listOf({ w: bytesOf(0xf993fac9, 0, 2, longs(2 ** 40, 2 ** 40), 1, 0, 0) }), "does not hold"],
  ])("%s is refused with the offset", (_, bytes, what) => {
    const error = thrownBy(() => readNdArrays(bytes, "net.params"));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain(what);
  });
});

describe("symbols", () => {
  const relu = symbol([
    { op: "null", name: "data" },
    { op: "relu", name: "r", inputs: [[0, 0, 0]] },
  ]);

  test("an input's rank and channels follow from the convolution that reads it; the rest is dynamic", () => {
    const net = symbol([
      { op: "null", name: "data" },
      { op: "null", name: "w" },
      {
        op: "Convolution",
        name: "c",
        attrs: { kernel: "(1, 1)", num_filter: "2", no_bias: "True" },
        inputs: [
          [0, 0],
          [1, 0],
        ],
      },
    ]);
    const model = read(net, {
      w: [
        [2, 3, 1, 1],
        [1, 2, 3, 4, 5, 6],
      ],
    });
    expect(String(model.inputs[0].partialShape)).toBe("[?,3,?,?]");
    expect(reshapeModel(model, new Map([[0, new PartialShape([1, 3, 4, 5])]])).outputs[0].shape).toEqual([1, 2, 4, 5]);
  });

  test("labels are no inputs, and parameters stand under any of their old names", () => {
    const old = text(
      JSON.stringify({
        nodes: [
          { op: "null", name: "data", param: {}, inputs: [] },
          { op: "null", name: "label", param: {}, inputs: [] },
          { op: "LeakyReLU", name: "l", param: { act_type: "leaky", slope: "0.5" }, inputs: [[0, 0]] },
          {
            op: "SoftmaxOutput",
            name: "s",
            attr: { multi_output: "True" },
            inputs: [
              [2, 0],
              [1, 0],
            ],
          },
        ],
        heads: [[3, 0]],
      }),
    );
    expect(read(old).inputs.map((i) => i.anyName)).toEqual(["data"]);
  });

  test("either file may be named; of several epochs the last is taken", () => {
    const files = { "net-symbol.json": relu, "net-0001.params": Uint8Array.of(1), "net-0010.params": params({}) };
    for (const name of ["net-symbol.json", "net-0010.params"]) expect(readModelSync({ name, files }).outputs[0].anyName).toBe("r_output");
  });

  test.each<[string, Uint8Array, string, string]>([
    [
      "operators without a mapping, all at once",
      symbol([
        { op: "null", name: "data" },
        { op: "Foo", name: "a", inputs: [[0, 0]] },
        { op: "Bar", name: "b", inputs: [[1, 0]] },
      ]),
      "UNSUPPORTED_OPERATION",
      'Foo ("a"); Bar ("b")',
    ],
    [
      "a node that reads one behind it",
      symbol(
        [
          { op: "relu", name: "a", inputs: [[1, 0]] },
          { op: "null", name: "data" },
        ],
        [[0, 0]],
      ),
      "INVALID_MODEL",
      "reads no node before it",
    ],
    ["a wrong kind of value", oneOperator("Pooling", { kernel: "(a, b)" }, {}, [1, 1, 2, 2]), "INVALID_MODEL", '"kernel"'],
    ["a missing parameter", oneOperator("clip", {}, {}, [1]), "INVALID_MODEL", '"a_min"'],
    ["broken JSON", text('{\n "nodes": [ { "op": "null", '), "FORMAT", "JSON"],
    ["no outputs", symbol([{ op: "null", name: "data" }], []), "INVALID_MODEL", "no outputs"],
  ])("%s", (_, json, code, what) => {
    const error: VintnerError = thrownBy(() => read(json));
    expect(error.code).toBe(code);
    expect(error.message).toContain(what);
  });

  test("500 mutations of both files give a model or a typed error", () => {
    const json = oneOperator("Convolution", { kernel: "(1, 1)", num_filter: "2" }, { w: [[2, 2, 1, 1], []], b: [[2], []] }, [1, 2, 1, 1]);
    const arrays = params({
      w: [
        [2, 2, 1, 1],
        [1, 2, 3, 4],
      ],
      b: [[2], [0, 0]],
    });
    let state = 11;
    const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    for (let i = 0; i < 500; i++) {
      const files = [json.slice(), arrays.slice()];
      const damaged = files[i % 2];
      for (let k = 0; k <= random(4); k++) damaged[random(damaged.length)] = random(256);
      const cut = random(3) === 0 ? damaged.slice(0, random(damaged.length)) : damaged;
      const [bytes, weights] = i % 2 === 0 ? [cut, files[1]] : [files[0], cut];
      try {
        readModelSync({ name: "net-symbol.json", bytes }, { weights, framework: "mxnet" });
      } catch (error) {
        expect(error).toMatchObject({ name: "VintnerError" });
        expect((error as VintnerError).code).not.toBe("INTERNAL");
      }
    }
  });
});
