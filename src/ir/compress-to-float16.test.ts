import { describe, expect, it, test } from "vitest";
import { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { opset } from "../opset.ts";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { compressToFloat16 } from "./compress-to-float16.ts";

const input = (shape: string): Node => parameter("f32", PartialShape.parse(shape), "x");
const modelOf = (x: Node, ...outputs: readonly Output[]): Model =>
  new Model({ name: "m", parameters: [x], results: outputs.map((o, i) => result(o, `y${i}`)) });
const decompressions = (model: Model): Node[] => model.nodes().filter((n) => n.rtInfo.has("decompression"));

/** `count` times `value`, the rest 0.5. */
const mix = (value: number, count: number, size: number): number[] => Array.from({ length: size }, (_, i) => (i < count ? value : 0.5));

describe("constants that f16 does not hold well stay f32", () => {
  // What `save_model(compress_to_fp16=True)` of OpenVINO 2026.4.1 does with the same constants.
  test.each([
    { what: "one element, off by 2.4e-4", values: [0.2], kept: true },
    { what: "one element, off by 9.8e-5", values: [1 + 0.2 / 2048], kept: false },
    { what: "one element, off by 1.0025e-4", values: [1 + 0.205 / 2048], kept: true },
    { what: "two elements, off by 2.4e-4", values: [0.2, 0.2], kept: false },
    { what: "half of the elements off by 1.4e-3", values: mix(1e-5, 2, 4), kept: false },
    { what: "three quarters off by 1.4e-3", values: mix(1e-5, 3, 4), kept: true },
    { what: "all subnormal, off by 9e-4", values: mix(3.239571e-5, 4, 4), kept: false },
    { what: "one of 60 in range, off by 1.5", values: mix(30001.5, 1, 60), kept: true },
    { what: "all off by 1", values: mix(30001, 4, 4), kept: false },
    { what: "the largest", values: mix(65504, 4, 4), kept: false },
    { what: "44 of 60 out of range", values: mix(65505, 44, 60), kept: false },
    { what: "45 of 60 out of range", values: mix(65505, 45, 60), kept: true },
    { what: "44 of 60 that vanish", values: mix(1e-9, 44, 60), kept: false },
    { what: "45 of 60 that vanish", values: mix(1e-9, 45, 60), kept: true },
    { what: "zeros", values: [0, 0], kept: false },
    { what: "infinity", values: [Number.POSITIVE_INFINITY], kept: true },
    { what: "NaN", values: [Number.NaN, Number.NaN], kept: true },
  ])("$what: $kept", ({ values, kept }) => {
    const x = input("[1]");
    const model = modelOf(x, new Node(Multiply, [x.outputs[0], constant("f32", values)]).outputs[0]);
    expect(decompressions(compressToFloat16(model, "all"))).toHaveLength(kept ? 0 : 1);
  });
});

it("saturates what is out of range, and names nodes and tensors as OpenVINO does", () => {
  const x = input("[4]");
  const weights = constant("f32", [0.1, 1e-9, 7e4, 3], [4], { friendlyName: "w" });
  weights.names.add("w_tensor");
  const model = modelOf(x, new Node(Multiply, [x.outputs[0], weights]).outputs[0]);
  const [convert] = decompressions(compressToFloat16(model, "all"));
  expect(convert).toMatchObject({ friendlyName: "w", type: "Convert" });
  const [source] = (convert as Node).inputs;
  expect(source?.node.friendlyName).toBe("w_compressed");
  expect([...(source?.names ?? [])]).toEqual(["w_tensor"]);
  expect(source?.node.constant?.data).toEqual(new Uint16Array([0x2e66, 0, 0x7bff, 0x4200]));
  expect(weights.node.constant?.elementType).toBe("f32");
});

it("keeps the name of a constant that is an output", () => {
  const x = input("[2]");
  const weights = constant("f32", [1, 2], [2], { friendlyName: "w" });
  weights.names.add("out");
  const compressed = compressToFloat16(modelOf(x, weights, x.outputs[0]), "all");
  expect([...(compressed.results[0] as Node).inputs[0].names]).toContain("out");
});

it("keeps and marks what a shape is computed from, up to where a shape is taken", () => {
  const x = input("[1,2,?,?]");
  const scaled = opset.multiply(opset.convert(opset.shapeOf(x), { destination_type: "f32" }), constant("f32", [1, 1, 1.3, 1.7]));
  const sizes = opset.convert(scaled, { destination_type: "i64" });
  const body = opset.multiply(x, constant("f32", [1.3, 1.7], [1, 2, 1, 1]));
  const compressed = compressToFloat16(modelOf(x, opset.reshape(body, sizes, { special_zero: false }).outputs[0]), "all");
  const marked = compressed.nodes().filter((n) => n.rtInfo.has("DisablePrecisionConversion"));
  expect(marked.map((n) => n.constant?.shape)).toEqual([[4]]);
  expect(decompressions(compressed).map((n) => n.outputs[0].shape)).toEqual([[1, 2, 1, 1]]);
});

it("keeps constants without which a reader no longer knows its shape", () => {
  const x = input("[?]");
  const range = opset.range(constant("f32", 0), constant("f32", 3), constant("f32", 1), { output_type: "f32" });
  const model = modelOf(x, range.outputs[0], x.outputs[0]);
  expect(compressToFloat16(model, "all").outputs[0]?.partialShape.toString()).toBe("[3]");
});

describe("weights that are worth more than their size", () => {
  const filled = (shape: readonly number[], value = 0.2) => constant("f32", new Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape);
  const compressedShapes = (model: Model): readonly (readonly number[])[] =>
    decompressions(compressToFloat16(model, "mixed")).map((n) => n.outputs[0].shape);

  it("are small constants, up to a share of the whole", () => {
    const x = input("[1,40]");
    const layers = [
      [40, 10],
      [10, 20],
      [20, 40],
    ].reduce<Output>((y, shape) => opset.matMul(y, filled(shape)).outputs[0], x.outputs[0]);
    // 200 and 400 of 1,400 elements would be more than 40 in 100.
    expect(compressedShapes(modelOf(x, layers))).toEqual([
      [40, 10],
      [20, 40],
    ]);
  });

  it("are no large constants, small as their share may be", () => {
    const x = input("[1,250]");
    const layers = [
      [250, 300],
      [300, 1000],
    ].reduce<Output>((y, shape) => opset.matMul(y, filled(shape)).outputs[0], x.outputs[0]);
    expect(compressedShapes(modelOf(x, opset.add(layers, filled([1000])).outputs[0]))).toEqual([
      [250, 300],
      [300, 1000],
    ]);
  });

  it("are filters whose outputs a logarithm takes, unless f16 holds them exactly as the exponent here", () => {
    const x = input("[1,100]");
    const power = opset.power(opset.matMul(x, filled([100, 10])), constant("f32", 2));
    const spectrogram = opset.log(opset.add(power, constant("f32", 1e-3)));
    const layer = opset.relu(opset.matMul(spectrogram, filled([10, 90])));
    expect(compressedShapes(modelOf(x, opset.log(opset.matMul(layer, filled([90, 2]))).outputs[0]))).toEqual([[], [10, 90]]);
  });

  it("are those that f16 only holds with fewer bits", () => {
    const x = input("[1,20]");
    for (const [count, kept] of [
      [199, false],
      [200, true],
    ] as const) {
      const weights = constant("f32", mix(1.7e-5, count, 200), [20, 10]);
      expect(compressedShapes(modelOf(x, opset.matMul(x, weights).outputs[0]))).toEqual(kept ? [] : [[20, 10]]);
    }
  });
});

describe("a model of mixed weights", () => {
  const x = input("[1,100]");
  const weights = (...shape: readonly [number, number]) => constant("f32", new Array(shape[0] * shape[1]).fill(0.2), shape);
  const layers = opset.matMul(opset.matMul(x, weights(100, 20)), weights(20, 30));
  const mixed = compressToFloat16(modelOf(x, layers.outputs[0]), "mixed");

  it("stays so, unless something else is asked for", () => {
    expect(decompressions(mixed)).toHaveLength(1);
    for (const again of [compressToFloat16(mixed), compressToFloat16(mixed, "mixed")]) {
      expect(decompressions(again)).toHaveLength(1);
      expect(again.rtInfo).toEqual(mixed.rtInfo);
    }
    const all = compressToFloat16(mixed, "all");
    expect(decompressions(all)).toHaveLength(2);
    expect(all.rtInfo.size).toBe(0);
  });

  it("keeps nothing in f32 that f16 holds exactly", () => {
    const exact = opset.matMul(x, constant("f32", new Array(100).fill(0.25), [100, 1]));
    const sum = opset.add(layers, exact);
    expect(decompressions(compressToFloat16(modelOf(x, sum.outputs[0]), "mixed")).map((n) => n.outputs[0].shape)).toEqual([
      [100, 20],
      [100, 1],
    ]);
  });
});

it("leaves quantized models as they are", () => {
  const x = input("[2]");
  const [low, high] = [constant("f32", 0), constant("f32", 1)];
  const quantized = opset.fakeQuantize(x, low, high, low, high, { levels: 256 });
  const model = modelOf(x, opset.multiply(quantized, constant("f32", [1, 2])).outputs[0]);
  expect(decompressions(compressToFloat16(model, "all"))).toEqual([]);
});
