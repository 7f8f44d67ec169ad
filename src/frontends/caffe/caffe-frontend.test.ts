import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { NetParameterSchema } from "../../formats/protobuf/generated/caffe_pb.ts";
import type { Model } from "../../model/model.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { readModelSync } from "../read-model.ts";

const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const blob = (shape: readonly number[], values: readonly number[]) => ({ shape: { dim: shape.map(BigInt) }, data: floats(values) });
type Blobs = Readonly<Record<string, readonly ReturnType<typeof blob>[]>>;

const caffemodel = (layers: Blobs): Uint8Array =>
  toBinary(
    NetParameterSchema,
    create(NetParameterSchema, { name: "net", layer: Object.entries(layers).map(([name, blobs]) => ({ name, blobs: [...blobs] })) }),
  );

const read = (text: string, layers: Blobs = {}): Model =>
  readModelSync({ name: "net.prototxt", bytes: new TextEncoder().encode(text), files: { "net.caffemodel": caffemodel(layers) } });

const failure = (text: string, layers: Blobs = {}): VintnerError => thrownBy(() => read(text, layers));

const input = (...dims: readonly number[]): string => `input: "data" input_shape { ${dims.map((d) => `dim: ${d}`).join(" ")} }\n`;

/** Runs a network on one input of 0, 1, 2 ... (or the numbers given) and gives its outputs rounded. */
function run(
  text: string,
  layers: Blobs = {},
  numbers?: readonly number[],
): Record<string, { shape: readonly number[]; values: number[] }> {
  const model = read(text, layers);
  const compiled = new Core().compileModelSync(model, "REFERENCE");
  const tensors = model.inputs.map(({ shape }, i) => {
    const size = shape.reduce((n, d) => n * d, 1);
    return new Tensor(
      "f32",
      shape,
      Float32Array.from({ length: size }, (_, k) => (i === 0 ? (numbers?.[k] ?? k) : k + 1)),
    );
  });
  const outputs = compiled.createInferRequest().infer(tensors);
  compiled.dispose();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, t]) => [
      name,
      { shape: t.shape, values: Array.from(t.data as Float32Array, (v) => Math.round(v * 1e4) / 1e4) },
    ]),
  );
}

const layer = (
  type: string,
  parameter = "",
  { bottom = ["data"], top = ["y"] }: { bottom?: readonly string[]; top?: readonly string[] } = {},
): string =>
  `layer { name: "l" type: "${type}" ${bottom.map((b) => `bottom: "${b}"`).join(" ")} ${top.map((t) => `top: "${t}"`).join(" ")} ${parameter} }\n`;

describe("layers compute what Caffe computes", () => {
  test.each<[string, string, Blobs, readonly number[] | undefined, readonly number[], readonly number[]]>([
    ["AbsVal", input(1, 3) + layer("AbsVal"), {}, [-1, 0, 2], [1, 3], [1, 0, 2]],
    ["ReLU with a slope", input(1, 3) + layer("ReLU", "relu_param { negative_slope: 0.5 }"), {}, [-1, 0, 2], [1, 3], [-0.5, 0, 2]],
    ["Power", input(1, 3) + layer("Power", "power_param { power: 2 scale: 3 shift: 1 }"), {}, undefined, [1, 3], [1, 16, 49]],
    ["Exp with a base", input(1, 3) + layer("Exp", "exp_param { base: 2 shift: 1 }"), {}, undefined, [1, 3], [2, 4, 8]],
    ["Log with a base", input(1, 2) + layer("Log", "log_param { base: 10 scale: 10 }"), {}, [1, 10], [1, 2], [1, 2]],
    ["BNLL", input(1, 2) + layer("BNLL"), {}, [1, 2], [1, 2], [1.3133, 2.1269]],
    ["Threshold", input(1, 3) + layer("Threshold", "threshold_param { threshold: 1 }"), {}, undefined, [1, 3], [0, 0, 1]],
    [
      "PReLU with one slope a channel",
      input(1, 2, 1, 2) + layer("PReLU"),
      { l: [blob([2], [0.1, 0.5])] },
      [-1, 1, -2, 2],
      [1, 2, 1, 2],
      [-0.1, 1, -1, 2],
    ],
    [
      "Eltwise with coefficients",
      input(1, 2) + layer("Eltwise", "eltwise_param { coeff: 2 coeff: -1 }", { bottom: ["data", "data"] }),
      {},
      [3, 5],
      [1, 2],
      [3, 5],
    ],
    [
      "InnerProduct",
      input(1, 2, 1, 1) + layer("InnerProduct", "inner_product_param { num_output: 2 }"),
      { l: [blob([2, 2], [1, 2, 3, 4]), blob([2], [10, 20])] },
      [1, 1],
      [1, 2],
      [13, 27],
    ],
    [
      "InnerProduct, transposed, without bias",
      input(1, 2) + layer("InnerProduct", "inner_product_param { num_output: 2 transpose: true bias_term: false }"),
      { l: [blob([2, 2], [1, 2, 3, 4])] },
      [1, 1],
      [1, 2],
      [4, 6],
    ],
    [
      "Scale with a bias",
      input(1, 2, 1, 2) + layer("Scale", "scale_param { bias_term: true }"),
      { l: [blob([2], [2, 3]), blob([2], [1, -1])] },
      undefined,
      [1, 2, 1, 2],
      [1, 3, 5, 8],
    ],
    [
      "BatchNorm with its factor",
      input(1, 2, 1, 2) + layer("BatchNorm", "batch_norm_param { eps: 0 }"),
      { l: [blob([2], [2, 4]), blob([2], [8, 2]), blob([1], [2])] },
      undefined,
      [1, 2, 1, 2],
      [-0.5, 0, 0, 1],
    ],
    [
      "Pooling, which rounds up",
      input(1, 1, 4, 4) + layer("Pooling", "pooling_param { kernel_size: 3 stride: 2 }"),
      {},
      undefined,
      [1, 1, 2, 2],
      [10, 11, 14, 15],
    ],
    [
      "average pooling of padding that counts",
      input(1, 1, 2, 2) + layer("Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 1 pad: 1 }"),
      {},
      [4, 4, 4, 4],
      [1, 1, 3, 3],
      [1, 2, 1, 2, 4, 2, 1, 2, 1],
    ],
    [
      "global pooling",
      input(1, 2, 1, 2) + layer("Pooling", "pooling_param { pool: AVE global_pooling: true }"),
      {},
      undefined,
      [1, 2, 1, 1],
      [0.5, 2.5],
    ],
    [
      "Convolution with stride and pads along one axis",
      input(1, 1, 1, 3) + layer("Convolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 3 pad_w: 1 }"),
      { l: [blob([1, 1, 1, 3], [1, 10, 100]), blob([1], [0.5])] },
      [1, 2, 3],
      [1, 1, 1, 3],
      [210.5, 321.5, 32.5],
    ],
    [
      "grouped Convolution",
      input(1, 2, 1, 1) + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 group: 2 bias_term: false }"),
      { l: [blob([2, 1, 1, 1], [3, 5])] },
      [1, 1],
      [1, 2, 1, 1],
      [3, 5],
    ],
    [
      "Deconvolution",
      input(1, 1, 1, 2) +
        layer("Deconvolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 stride_h: 1 stride_w: 2 bias_term: false }"),
      { l: [blob([1, 1, 1, 2], [1, 10])] },
      [1, 2],
      [1, 1, 1, 4],
      [1, 10, 2, 20],
    ],
    [
      "LRN across channels",
      input(1, 3, 1, 1) + layer("LRN", "lrn_param { local_size: 3 alpha: 3 beta: 1 }"),
      {},
      [1, 1, 1],
      [1, 3, 1, 1],
      [0.3333, 0.25, 0.3333],
    ],
    [
      "Normalize with a shared scale",
      input(1, 2, 1, 1) + layer("Normalize", "norm_param { across_spatial: false }"),
      { l: [blob([1], [10])] },
      [3, 4],
      [1, 2, 1, 1],
      [6, 8],
    ],
    [
      "Softmax along an axis",
      input(1, 2, 2) + layer("Softmax", "softmax_param { axis: 2 }"),
      {},
      [0, 0, 1, 1],
      [1, 2, 2],
      [0.5, 0.5, 0.5, 0.5],
    ],
    [
      "Concat by its old field",
      input(1, 1, 2) + layer("Concat", "concat_param { concat_dim: 2 }", { bottom: ["data", "data"] }),
      {},
      undefined,
      [1, 1, 4],
      [0, 1, 0, 1],
    ],
    [
      "Flatten of some axes",
      input(1, 2, 2, 3) + layer("Flatten", "flatten_param { axis: 1 end_axis: 2 }"),
      {},
      undefined,
      [1, 4, 3],
      Array.from({ length: 12 }, (_, i) => i),
    ],
    [
      "Reshape of some axes",
      input(1, 2, 6) + layer("Reshape", "reshape_param { shape { dim: 3 dim: -1 } axis: 2 num_axes: 1 }"),
      {},
      undefined,
      [1, 2, 3, 2],
      Array.from({ length: 12 }, (_, i) => i),
    ],
    [
      "Permute, which keeps the axes that it leaves out",
      input(1, 2, 3, 1) + layer("Permute", "permute_param { order: 0 order: 2 }"),
      {},
      undefined,
      [1, 3, 2, 1],
      [0, 3, 1, 4, 2, 5],
    ],
    [
      "Crop to another size",
      `${input(1, 1, 3, 3)}input: "small" input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }\n${layer("Crop", "crop_param { offset: 1 offset: 0 }", { bottom: ["data", "small"] })}`,
      {},
      undefined,
      [1, 1, 2, 2],
      [3, 4, 6, 7],
    ],
    ["ArgMax along an axis", input(1, 3) + layer("ArgMax", "argmax_param { axis: 1 }"), {}, [1, 9, 2], [1, 1], [1]],
    ["Tile", input(1, 2) + layer("Tile", "tile_param { axis: 1 tiles: 2 }"), {}, undefined, [1, 4], [0, 1, 0, 1]],
    [
      "Reduction to means",
      input(2, 2) + layer("Reduction", "reduction_param { operation: MEAN axis: 1 coeff: 2 }"),
      {},
      undefined,
      [2],
      [1, 5],
    ],
    ["MVN", input(1, 1, 1, 2) + layer("MVN"), {}, [1, 3], [1, 1, 1, 2], [-1, 1]],
    [
      "ShuffleChannel",
      input(1, 4, 1, 1) + layer("ShuffleChannel", "shuffle_channel_param { group: 2 }"),
      {},
      undefined,
      [1, 4, 1, 1],
      [0, 2, 1, 3],
    ],
    [
      "Interp with aligned corners",
      input(1, 1, 1, 3) + layer("Interp", "interp_param { height: 1 width: 5 }"),
      {},
      undefined,
      [1, 1, 1, 5],
      [0, 0.5, 1, 1.5, 2],
    ],
  ])("%s", (_, text, layers, numbers, shape, values) => expect(run(text, layers, numbers)["y"]).toEqual({ shape, values }));

  test("Slice at points gives its tops in order", () => {
    const tops = run(input(1, 4) + layer("Slice", "slice_param { axis: 1 slice_point: 1 slice_point: 3 }", { top: ["a", "b", "c"] }));
    expect(Object.values(tops).map((t) => t.values)).toEqual([[0], [1, 2], [3]]);
  });
});

describe("networks", () => {
  test("layers in place name the last tensor, and what nothing reads is an output", () => {
    const model = read(
      input(1, 2) +
        layer("Power", "power_param { shift: 1 }", { top: ["a"] }) +
        layer("ReLU", "", { bottom: ["a"], top: ["a"] }).replace('"l"', '"r"'),
    );
    expect(model.outputs.map((o) => [...o.names])).toEqual([["a"]]);
    expect(model.results[0].inputs[0].node).toMatchObject({ type: "Relu", friendlyName: "r" });
  });

  test("layers of the training phase, labels and losses are left out", () => {
    const text = `layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN } }
      ${input(1, 2)}${layer("Softmax")}
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" }
      layer { name: "drop" type: "Dropout" bottom: "y" top: "y" exclude { phase: TEST } }`;
    const model = read(text);
    expect(model.inputs.map((i) => i.anyName)).toEqual(["data"]);
    expect(
      model
        .nodes()
        .filter((n) => n.op.role === undefined)
        .map((n) => n.type),
    ).toEqual(["Softmax"]);
  });

  test("inputs by four dimensions and as a layer", () => {
    expect(read(`input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 5 ${layer("ReLU")}`).inputs[0].shape).toEqual([
      1, 3, 4, 5,
    ]);
    const asLayer = `layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: 7 } } } ${layer("ReLU")}`;
    expect(read(asLayer).inputs[0].shape).toEqual([2, 7]);
  });

  test("version 1 of the format", () => {
    const text = `${input(1, 2, 1, 1)} layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "y" blobs_lr: 1 inner_product_param { num_output: 1 } }`;
    expect(run(text, { ip: [blob([1, 1, 1, 2], [1, 2]), blob([1], [5])] }, [1, 1])["y"].values).toEqual([8]);
  });

  test("version 0 of the format, with padding in a layer of its own", () => {
    const text = `input: "data" input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2
      layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "padded" }
      layers { layer { name: "c" type: "conv" num_output: 1 kernelsize: 3 biasterm: false } bottom: "padded" top: "y" }`;
    expect(run(text, { c: [blob([1, 1, 3, 3], [0, 0, 0, 0, 1, 0, 0, 0, 0])] })["y"]).toEqual({ shape: [1, 1, 2, 2], values: [0, 1, 2, 3] });
  });

  test("weights of 64 and 16 bits", () => {
    const text = input(1, 2) + layer("InnerProduct", "inner_product_param { num_output: 1 bias_term: false }");
    const bytes = (layers: object): Uint8Array =>
      toBinary(NetParameterSchema, create(NetParameterSchema, { layer: [{ name: "l", blobs: [layers] }] }));
    const doubles = bytes({ shape: { dim: [1n, 2n] }, doubleData: new Uint8Array(Float64Array.of(1, 2).buffer) });
    const halves = bytes({ shape: { dim: [1n, 2n] }, rawDataType: 2, rawData: new Uint8Array(Uint16Array.of(0x3c00, 0x4000).buffer) });
    for (const weights of [doubles, halves]) {
      const model = readModelSync({ name: "net.prototxt", bytes: new TextEncoder().encode(text) }, { weights });
      const constant = model.nodes().find((n) => n.constant?.size === 2)?.constant;
      expect(Array.from(constant?.data as Float32Array)).toEqual([1, 2]);
    }
  });

  test("the weights may be named first, with the text beside them", () => {
    const files = {
      "net.prototxt": new TextEncoder().encode(input(1, 2) + layer("ReLU")),
      "net.caffemodel": caffemodel({ l: [blob([1], [1])] }),
    };
    expect(readModelSync({ name: "net.caffemodel", files }).inputs[0].anyName).toBe("data");
    expect(readModelSync({ files }).inputs[0].anyName).toBe("data");
  });
});

describe("errors", () => {
  test.each<[string, string, Blobs, string, string]>([
    [
      "layers without a mapping, all at once",
      input(1, 2) + layer("Foo") + layer("Bar").replace('"l"', '"m"') + layer("Foo").replace('"l"', '"n"'),
      {},
      "UNSUPPORTED_OPERATION",
      'Foo ("l", "n"); Bar ("m")',
    ],
    ["missing weights", input(1, 2) + layer("InnerProduct", "inner_product_param { num_output: 1 }"), {}, "INVALID_MODEL", "blob 0"],
    [
      "weights of another network",
      input(1, 3, 1, 1) + layer("Convolution", "convolution_param { num_output: 1 kernel_size: 1 }"),
      { l: [blob([1, 2, 1, 1], [1, 2]), blob([1], [0])] },
      "INVALID_MODEL",
      "input has 3 channels, weights expect 2",
    ],
    ["a bottom that nothing makes", input(1, 2) + layer("ReLU", "", { bottom: ["none"] }), {}, "INVALID_MODEL", '"none"'],
    ["a wrong kind of value", input(1, 2) + layer("Concat", 'concat_param { axis: "one" }'), {}, "INVALID_MODEL", '"axis"'],
    ["a type that no version has", `${input(1, 2)} layers { name: "x" type: NOTHING_LIKE_IT }`, {}, "INVALID_MODEL", "no version of Caffe"],
    ["data without a shape", 'layer { name: "d" type: "Data" top: "data" } ' + layer("ReLU"), {}, "INVALID_MODEL", "deploy.prototxt"],
    ["broken text", `${input(1, 2)} layer { name: "l"`, {}, "FORMAT", "ends inside of a message"],
    ["a network without layers", 'input: "data" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1', {}, "INVALID_MODEL", "no layers"],
  ])("%s", (_, text, layers, code, what) => {
    const error = failure(text, layers);
    expect(error.code).toBe(code);
    expect(error.message).toContain(what);
  });

  test("a caffemodel that is missing, damaged or a text", () => {
    const bytes = new TextEncoder().encode(input(1, 2) + layer("ReLU"));
    expect(thrownBy(() => readModelSync({ name: "net.prototxt", bytes })).message).toContain("net.caffemodel");
    expect(thrownBy(() => readModelSync({ name: "net.prototxt", bytes }, { weights: Uint8Array.of(0x12, 0xff, 1, 0) })).code).toBe(
      "FORMAT",
    );
    expect(thrownBy(() => readModelSync({ name: "net.prototxt", bytes }, { weights: bytes })).message).toContain("twice text");
  });

  test("500 mutations of both files give a model or a typed error", () => {
    const text = new TextEncoder().encode(
      input(1, 2, 1, 1) +
        layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 }", { top: ["c"] }) +
        layer("Pooling", "pooling_param { kernel_size: 1 }", { bottom: ["c"] }),
    );
    const weights = caffemodel({ l: [blob([2, 2, 1, 1], [1, 2, 3, 4]), blob([2], [0, 0])] });
    let state = 7;
    const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    for (let i = 0; i < 500; i++) {
      const files = [text.slice(), weights.slice()];
      const damaged = files[i % 2];
      for (let k = 0; k <= random(4); k++) damaged[random(damaged.length)] = random(256);
      const cut = random(3) === 0 ? damaged.slice(0, random(damaged.length)) : damaged;
      const [bytes, blobs] = i % 2 === 0 ? [cut, files[1]] : [files[0], cut];
      try {
        readModelSync({ name: "net.prototxt", bytes }, { weights: blobs, framework: "caffe" });
      } catch (error) {
        expect(error).toMatchObject({ name: "VintnerError" });
        expect((error as VintnerError).code).not.toBe("INTERNAL");
      }
    }
  });
});
