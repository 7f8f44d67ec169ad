import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { KaldiStream } from "../../formats/kaldi/kaldi-stream.ts";
import type { Model } from "../../model/model.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { readModelSync } from "../read-model.ts";
import { parseDescriptor, readingsOf } from "./descriptor.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string): Model => readModelSync({ name: "net.raw", bytes: bytesOf(text) });

/** Runs a network on frames of 0, 1, 2 ..., or the numbers given, and gives its rows rounded. */
function run(text: string, frames: number, dim: number, numbers?: readonly number[]): number[][] {
  const compiled = new Core().compileModelSync(read(text), "REFERENCE");
  const data = Float32Array.from({ length: frames * dim }, (_, i) => numbers?.[i] ?? i);
  const [output] = Object.values(compiled.createInferRequest().infer([new Tensor("f32", [frames, dim], data)]));
  compiled.dispose();
  const [rows, columns] = output.shape;
  return Array.from({ length: rows }, (_, r) =>
    Array.from((output.data as Float32Array).subarray(r * columns, (r + 1) * columns), (v) => Math.round(v * 1e4) / 1e4),
  );
}

const nnet3 = (config: string, components: Readonly<Record<string, string>>): string =>
  `<Nnet3>\n\n${config}\n\n<NumComponents> ${Object.keys(components).length}\n${Object.entries(components)
    .map(([name, c]) => `<ComponentName> ${name} ${c}`)
    .join("\n")}\n</Nnet3>\n`;
/** One component between input and output. */
const one = (dim: number, component: string): string =>
  nnet3(`input-node name=input dim=${dim}\ncomponent-node name=x input=input component=c\noutput-node name=output input=x`, {
    c: component,
  });
/** An output that a descriptor says. */
const described = (descriptor: string, dim = 1): string =>
  nnet3(`input-node name=input dim=${dim}\noutput-node name=output input=${descriptor}`, {});

describe("components compute what Kaldi computes", () => {
  test.each<[string, string, number, readonly number[], readonly number[]]>([
    [
      "affine",
      "<NaturalGradientAffineComponent> <LearningRate> 0.1 <LinearParams> [\n 1 2\n 3 4 ]\n<BiasParams> [ 10 20 ]\n<RankIn> 1 </NaturalGradientAffineComponent>",
      2,
      [1, 1],
      [13, 27],
    ],
    ["linear", "<LinearComponent> <Params> [\n 1 2 ]\n </LinearComponent>", 2, [3, 4], [11]],
    ["rectified linear", "<RectifiedLinearComponent> <Dim> 2 <ValueAvg> [ ] </RectifiedLinearComponent>", 2, [-1, 2], [0, 2]],
    [
      "batch norm",
      "<BatchNormComponent> <Dim> 2 <BlockDim> 2 <Epsilon> 0 <TargetRms> 2 <TestMode> F <Count> 1 <StatsMean> [ 1 2 ] <StatsVar> [ 1 4 ] </BatchNormComponent>",
      2,
      [2, 4],
      [2, 2],
    ],
    [
      "batch norm of blocks",
      "<BatchNormComponent> <Dim> 4 <BlockDim> 2 <Epsilon> 0 <TargetRms> 1 <StatsMean> [ 0 1 ] <StatsVar> [ 1 1 ] </BatchNormComponent>",
      4,
      [1, 2, 3, 4],
      [1, 1, 3, 3],
    ],
    ["normalize", "<NormalizeComponent> <InputDim> 2 <TargetRms> 1 <AddLogStddev> F </NormalizeComponent>", 2, [3, 4], [0.8485, 1.1314]],
    [
      "normalize with the deviation",
      "<NormalizeComponent> <InputDim> 2 <TargetRms> 1 <AddLogStddev> T </NormalizeComponent>",
      2,
      [1, 1],
      [1, 1, 0],
    ],
    ["p-norm", "<PnormComponent> <InputDim> 4 <OutputDim> 2 <P> 2 </PnormComponent>", 4, [3, 4, 6, 8], [5, 10]],
    ["sums of groups", "<SumGroupComponent> <Sizes> [ 1 2 ] </SumGroupComponent>", 3, [1, 2, 3], [1, 5]],
    [
      "products of halves",
      "<ElementwiseProductComponent> <InputDim> 4 <OutputDim> 2 </ElementwiseProductComponent>",
      4,
      [1, 2, 3, 4],
      [3, 8],
    ],
    ["permutation", "<PermuteComponent> <ColumnMap> [ 1 0 ] </PermuteComponent>", 2, [5, 6], [6, 5]],
    ["scales and offsets", "<ScaleAndOffsetComponent> <Scales> [ 2 3 ] <Offsets> [ 1 -1 ] </ScaleAndOffsetComponent>", 2, [1, 1], [3, 2]],
    [
      "blocks of weights",
      "<BlockAffineComponent> <NumBlocks> 2 <LinearParams> [\n 2\n 3 ]\n <BiasParams> [ 0 1 ] </BlockAffineComponent>",
      2,
      [1, 1],
      [2, 4],
    ],
    ["softmax", "<SoftmaxComponent> <Dim> 2 </SoftmaxComponent>", 2, [0, 0], [0.5, 0.5]],
    ["a scaled no-operation", "<NoOpComponent> <Dim> 1 <BackpropScale> 1 <Scale> 3 </NoOpComponent>", 1, [2], [6]],
  ])("%s", (_, component, dim, numbers, expected) => expect(run(one(dim, component), 1, dim, numbers)).toEqual([expected]));

  test("LSTM's nonlinearity, by its equations", () => {
    const component = "<LstmNonlinearityComponent> <Params> [\n 0.1\n 0.2\n 0.3 ]\n </LstmNonlinearityComponent>";
    const [i, f, g, o, c] = [0.5, -0.5, 1, 0.25, 2];
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const cell = sigmoid(f + 0.2 * c) * c + sigmoid(i + 0.1 * c) * Math.tanh(g);
    const [[gotCell, gotOutput]] = run(one(5, component), 1, 5, [i, f, g, o, c]);
    expect(gotCell).toBeCloseTo(cell, 3);
    expect(gotOutput).toBeCloseTo(sigmoid(o + 0.3 * cell) * Math.tanh(cell), 3);
  });

  test("a time-delay layer reads its frames", () => {
    const component = "<TdnnComponent> <TimeOffsets> [ -1 1 ] <LinearParams> [\n 1 10 ]\n <BiasParams> [ ] </TdnnComponent>";
    expect(run(one(1, component), 4, 1)).toEqual([[10], [20], [31], [32]]);
  });
});

describe("descriptors", () => {
  test.each<[string, number, readonly (readonly number[])[]]>([
    ["Offset(input, 1)", 3, [[1], [2], [2]]],
    [
      "Append(Offset(input, -1), input)",
      3,
      [
        [0, 0],
        [0, 1],
        [1, 2],
      ],
    ],
    ["IfDefined(Offset(input, -2))", 3, [[0], [0], [0]]],
    ["IfDefined(Offset(input, 1))", 3, [[1], [2], [0]]],
    ["Sum(input, Scale(2, Offset(input, -1)))", 3, [[0], [1], [4]]],
    [
      "Append(input, Const(7, 2))",
      2,
      [
        [0, 7, 7],
        [1, 7, 7],
      ],
    ],
    [
      "Append(input, ReplaceIndex(input, t, 1))",
      2,
      [
        [0, 1],
        [1, 1],
      ],
    ],
  ])("%s", (descriptor, frames, expected) => expect(run(described(descriptor), frames, 1)).toEqual(expected));

  test("tell what they read, and what they do without", () => {
    const descriptor = parseDescriptor("Append(Offset(a, -1), IfDefined(Offset(Offset(b, 2), 1)), Sum(c, a))", "x");
    expect(readingsOf(descriptor)).toEqual([
      { name: "a", frames: -1, optional: false },
      { name: "b", frames: 3, optional: true },
      { name: "c", frames: 0, optional: false },
      { name: "a", frames: 0, optional: false },
    ]);
  });

  test.each(["Append(input", "Nothing(input)", "Offset(input)", "input)", "", "Offset(input, x)", `${"Sum(".repeat(500)}input`])(
    "%j is refused",
    (text) => {
      expect(thrownBy(() => parseDescriptor(text, "x")).code).toBe("INVALID_MODEL");
    },
  );
});

describe("recurrence", () => {
  /** h(t) = x(t) + 0.5 h(t - delay). */
  const net = (delay: number): string =>
    nnet3(
      `input-node name=input dim=1\ncomponent-node name=h input=Append(input, IfDefined(Offset(h, -${delay}))) component=c\noutput-node name=output input=h`,
      { c: "<AffineComponent> <LinearParams> [\n 1 0.5 ]\n <BiasParams> [ 0 ] </AffineComponent>" },
    );
  test.each([
    [1, [1, 2, 3, 4], [1, 2.5, 4.25, 6.125]],
    [2, [1, 2, 3, 4], [1, 2, 3.5, 5]],
  ])("with a delay of %i", (delay, numbers, expected) => expect(run(net(delay), 4, 1, numbers).flat()).toEqual(expected));

  test("becomes one TensorIterator, and the model takes any number of frames", () => {
    const model = read(net(1));
    expect(model.nodes().filter((n) => n.type === "TensorIterator")).toHaveLength(1);
    expect(String(model.inputs[0].partialShape)).toBe("[?,1]");
  });
});

describe("chains", () => {
  test("nnet1", () => {
    const text =
      "<Nnet>\n<Splice> 3 1\n[ -1 0 1 ]\n<AffineTransform> 1 3\n<LearnRateCoef> 1 <BiasLearnRateCoef> 1 <MaxNorm> 0 [\n 1 10 100 ]\n[ 0.5 ]\n<Sigmoid> 1 1\n</Nnet>\n";
    expect(run(text.replace("<Sigmoid> 1 1\n", ""), 3, 1)).toEqual([[100.5], [210.5], [221.5]]);
    expect(run(text, 1, 1, [-1])[0][0]).toBeCloseTo(0, 4);
  });

  test("nnet2 behind its transition model", () => {
    const text =
      "<TransitionModel> anything </TransitionModel>\n<Nnet> <NumComponents> 2 <Components> <SpliceComponent> <InputDim> 1 <Context> [ 0 1 ] <ConstComponentDim> 0 </SpliceComponent> <AffineComponent> <LinearParams> [\n 1 10 ]\n <BiasParams> [ 1 ] </AffineComponent> </Components> </Nnet>";
    expect(run(text, 2, 1)).toEqual([[11], [12]]);
  });
});

describe("streams", () => {
  const binary = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array => {
    const pieces = parts.map((p) =>
      typeof p === "string" ? bytesOf(p) : typeof p === "number" ? Uint8Array.of(4, ...new Uint8Array(Int32Array.of(p).buffer)) : p,
    );
    return Uint8Array.from([0, 66, ...pieces.flatMap((p) => [...p])]);
  };
  const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
  const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  const halves = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);
  const matrixIn = (bytes: Uint8Array): unknown => {
    const [value] = new KaldiStream(bytes, "x").values();
    return value.kind === "matrix"
      ? [value.matrix.rows, value.matrix.columns, [...value.matrix.data].map((v) => Math.round(v * 100) / 100)]
      : value;
  };

  test("binary matrices and vectors of both precisions, and compressed ones of all kinds", () => {
    expect(matrixIn(binary("FM ", 1, 2, floats(1, 2)))).toEqual([1, 2, [1, 2]]);
    expect(matrixIn(binary("DV ", 2, new Uint8Array(Float64Array.of(3, 4).buffer)))).toEqual([1, 2, [3, 4]]);
    expect(matrixIn(binary("CM2 ", floats(0, 10), words(1, 2), halves(0, 65535)))).toEqual([1, 2, [0, 10]]);
    expect(matrixIn(binary("CM3 ", floats(-1, 2), words(1, 2), Uint8Array.of(0, 255)))).toEqual([1, 2, [-1, 1]]);
    const percentiles = halves(0, 65535 / 5, (65535 * 3) / 5, 65535);
    expect(matrixIn(binary("CM ", floats(0, 10), words(4, 1), percentiles, Uint8Array.of(0, 64, 192, 255)))).toEqual([4, 1, [0, 2, 6, 10]]);
  });

  test("binary numbers, lists and booleans", () => {
    const stream = new KaldiStream(binary("<A> ", 7, "<B> ", 2, words(5, 6), "T", "<C> "), "x");
    expect(stream.token()).toBe("<A>");
    expect(stream.values()[0]).toMatchObject({ kind: "number", int: 7 });
    expect(stream.token()).toBe("<B>");
    expect(stream.value(true)).toEqual({ kind: "ints", ints: [5, 6] });
    expect(stream.values()).toEqual([{ kind: "boolean", value: true }]);
    expect(stream.token()).toBe("<C>");
  });
});

describe("errors", () => {
  test.each<[string, string, string, string]>([
    [
      "components without a mapping, all at once",
      nnet3(
        "input-node name=input dim=1\ncomponent-node name=a input=input component=p\ncomponent-node name=b input=a component=q\noutput-node name=output input=b",
        { p: "<FooComponent> </FooComponent>", q: "<BarComponent> </BarComponent>" },
      ),
      "UNSUPPORTED_OPERATION",
      'FooComponent ("a"); BarComponent ("b")',
    ],
    ["a node that is not there", described("nothing"), "INVALID_MODEL", '"nothing"'],
    [
      "weights that do not fit",
      one(3, "<LinearComponent> <Params> [\n 1 2 ]\n </LinearComponent>"),
      "INVALID_MODEL",
      "do not fit the input",
    ],
    [
      "a recurrence without IfDefined",
      nnet3(
        "input-node name=input dim=1\ncomponent-node name=h input=Sum(input, Offset(h, -1)) component=c\noutput-node name=output input=h",
        { c: "<NoOpComponent> <Dim> 1 </NoOpComponent>" },
      ),
      "UNSUPPORTED",
      "IfDefined",
    ],
    [
      "nodes that read each other's same frame",
      nnet3(
        "input-node name=input dim=1\ncomponent-node name=a input=Sum(input, b) component=c\ncomponent-node name=b input=a component=c\noutput-node name=output input=b",
        { c: "<NoOpComponent> <Dim> 1 </NoOpComponent>" },
      ),
      "INVALID_MODEL",
      "same frame",
    ],
    ["a truncated file", one(1, "<NoOpComponent> <Dim> 1 </NoOpComponent>").slice(0, -40), "FORMAT", "at byte"],
  ])("%s", (_, text, code, what) => {
    const error: VintnerError = thrownBy(() => read(text));
    expect(error.code).toBe(code);
    expect(error.message).toContain(what);
  });

  test("500 mutations give a model or a typed error", () => {
    const bytes = bytesOf(
      nnet3(
        "input-node name=input dim=2\ncomponent-node name=h input=Append(Offset(input, 1), IfDefined(Offset(h, -2))) component=c\noutput-node name=output input=h",
        { c: "<AffineComponent> <LinearParams> [\n 1 0.5 1 1\n 1 1 1 1 ]\n <BiasParams> [ 0 1 ] </AffineComponent>" },
      ),
    );
    let state = 5;
    const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    for (let i = 0; i < 500; i++) {
      const damaged = bytes.slice();
      for (let k = 0; k <= random(4); k++) damaged[random(damaged.length)] = random(256);
      try {
        readModelSync(
          { name: "net.raw", bytes: random(3) === 0 ? damaged.slice(0, random(damaged.length)) : damaged },
          { framework: "kaldi" },
        );
      } catch (error) {
        expect(error).toMatchObject({ name: "VintnerError" });
        expect((error as VintnerError).code).not.toBe("INTERNAL");
      }
    }
  });
});
