import { describe, expect, it } from "vitest";
import { expectEqualOutputs, Graph, seededNumbers } from "../../test/support/check-rewrite.ts";
import { evaluateModel } from "../../test/support/evaluate-model.ts";
import type { Model } from "../model/model.ts";
import { Add } from "../ops/elementwise/add.ts";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { Relu } from "../ops/elementwise/relu.ts";
import { Transpose } from "../ops/movement/transpose.ts";
import { Convolution } from "../ops/nn/convolution.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyOptions } from "./apply-options.ts";
import type { ConvertOptions } from "./convert-options.ts";
import { tensorNumbers, tensorOfNumbers } from "../tensor/tensor-numbers.ts";

const pads = { strides: [1, 1], dilations: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], auto_pad: "explicit" };

/** An image network: data [1,3,4,4] -> conv -> relu -> out. */
function image(shape = "[1,3,4,4]"): Model {
  const g = new Graph();
  const x = g.input(shape);
  const conv = g.apply(Convolution, [x, g.weights(2, 3, 3, 3)], pads);
  conv.names.add("conv");
  const relu = g.apply(Relu, [g.apply(Add, [conv, g.weights(1, 2, 1, 1)])]);
  relu.names.add("out");
  return g.model(relu);
}

/** Two inputs a and b, b * 2 inside, and a sum. */
function pair(): Model {
  const g = new Graph();
  const a = g.input("[?,3]");
  const b = g.input("[3]");
  const doubled = g.apply(Multiply, [b, g.floats(2)]);
  doubled.names.add("doubled");
  doubled.node.friendlyName = "double";
  const sum = g.apply(Add, [a, doubled]);
  sum.names.add("sum");
  return g.model(sum);
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const data = (shape: readonly number[], map: (x: number, i: number) => number = (x) => x): Tensor =>
  tensorOfNumbers("f32", shape, seededNumbers(size(shape), 5).map(map));
const types = (model: Model): string[] =>
  model
    .nodes()
    .filter((n) => n.op.role === undefined)
    .map((n) => n.type);

describe("preprocessing", () => {
  const shape = [1, 3, 4, 4];
  const channel = (i: number): number => Math.floor(i / 16);
  const mean = [0.5, -0.25, 0.125];
  const scale = [2, 4, 0.5];

  const expectSame = (
    options: ConvertOptions,
    before: (x: number, i: number, all: readonly number[]) => number,
    tolerance = 1e-5,
  ): Model => {
    const model = applyOptions(image(), options);
    const raw = seededNumbers(48, 5);
    const got = evaluateModel(model, [data(shape)]);
    const wanted = evaluateModel(image(), [
      tensorOfNumbers(
        "f32",
        shape,
        raw.map((x, i) => before(x, i, raw)),
      ),
    ]);
    expectEqualOutputs(got, wanted, tolerance);
    return model;
  };

  it("subtracts the mean before it scales, whatever the order of the options", () => {
    expectSame({ scaleValues: [2, 4, 0.5], meanValues: mean }, (x, i) => (x - mean[channel(i)]) / scale[channel(i)]);
  });

  it("reverses channels first: mean and scale are in the order of the network", () => {
    const model = expectSame(
      { reverseInputChannels: true, meanValues: "[0.5,-0.25,0.125]", scaleValues: "input0[2,4,0.5]" },
      (_, i, all) => (all[(2 - channel(i)) * 16 + (i % 16)] - mean[channel(i)]) / scale[channel(i)],
    );
    expect(types(model)).toEqual(["Add", "Convolution", "Add", "Relu"]);
  });

  it("divides all inputs by one number", () => {
    const model = expectSame({ scale: 127.5 }, (x) => x / 127.5);
    expect(types(model)).toEqual(["Convolution", "Add", "Relu"]);
  });

  it("takes the other layout at the input", () => {
    const nhwc = [1, 4, 4, 3];
    const model = applyOptions(image(), { layout: "nchw->nhwc", meanValues: mean });
    expect(model.inputs[0].shape).toEqual(nhwc);
    const got = evaluateModel(model, [data(nhwc)]);
    const raw = seededNumbers(48, 5);
    const wanted = evaluateModel(image(), [
      tensorOfNumbers(
        "f32",
        shape,
        raw.map((_, i) => raw[(i % 16) * 3 + channel(i)] - mean[channel(i)]),
      ),
    ]);
    expectEqualOutputs(got, wanted, 1e-5);
  });

  it("goes by a layout's channels", () => {
    const g = new Graph();
    const x = g.input("[1,3,3,3]");
    const model = applyOptions(g.model(g.apply(Transpose, [x, g.ints([0, 3, 1, 2])])), { layout: "nhwc", meanValues: [1, 2, 3] });
    expectEqualOutputs(
      evaluateModel(model, [tensorOfNumbers("f32", [1, 3, 3, 3], new Array<number>(27).fill(0))]),
      [
        tensorOfNumbers(
          "f32",
          [1, 3, 3, 3],
          Array.from({ length: 27 }, (_, i) => -1 - Math.floor(i / 9)),
        ),
      ],
      0,
    );
  });

  it.each<[ConvertOptions, RegExp]>([
    [{ meanValues: [1, 2] }, /"meanValues" does not fit input "input0".*2 channels.*\[1,3,4,4\]/],
    [{ meanValues: "[1,2,3],[1,2,3]" }, /does not say which input/],
    [{ meanValues: { nothing: [1] } }, /no input "nothing"/],
    [{ scaleValues: [1, 0, 1] }, /divides by 0/],
    [{ layout: "nhwc->nchwd" }, /"layout" does not fit/],
    [{ layout: "nhw" }, /"layout" does not fit/],
    [{ batch: 0 }, /"batch"/],
  ])("refuses %j", (options, message) => expect(() => applyOptions(image(), options)).toThrow(message));

  it("finds no channels to reverse", () => {
    expect(() => applyOptions(pair(), { reverseInputChannels: true })).toThrow(/no input with 3 channels/);
  });
});

describe("inputs and outputs", () => {
  it("gives shapes", () => {
    expect(applyOptions(image(), { inputShape: "[2,3,6,?]" }).inputs[0].partialShape.toString()).toBe("[2,3,6,?]");
    expect(applyOptions(image("[?,3,?,?]"), { inputShape: { input0: [1, 3, 8, 8] } }).outputs[0].shape).toEqual([1, 2, 8, 8]);
    expect(applyOptions(image(), { batch: 5 }).outputs[0].shape).toEqual([5, 2, 4, 4]);
  });

  it("names the node that does not accept a shape", () => {
    expect(() => applyOptions(pair(), { input: "input0[2,4]" })).toThrow(/Add/);
  });

  it("gives types and converts them", () => {
    const model = applyOptions(pair(), { input: "input1{i32},input0" });
    expect(model.inputs.map((i) => `${i.anyName} ${i.elementType}`)).toEqual(["input1 i32", "input0 f32"]);
    const [sum] = evaluateModel(model, [tensorOfNumbers("i32", [3], [1, 2, 3]), data([1, 3], () => 1)]);
    expect(Array.from(tensorNumbers(sum))).toEqual([3, 5, 7]);
  });

  it("freezes inputs", () => {
    const model = applyOptions(pair(), { input: "input1->[1 2 3]" });
    expect(model.inputs.map((i) => i.anyName)).toEqual(["input0"]);
    expect(types(model)).toEqual(["Add"]);
    expect(() => applyOptions(pair(), { input: "input1->[1 2]" })).toThrow(/do not fill its shape.*\[3\].*2 values/);
  });

  it("cuts at inner tensors, nodes and ports", () => {
    for (const name of ["doubled", "double", "double:0"]) {
      const model = applyOptions(pair(), { input: `${name},input0` });
      expect(model.inputs).toHaveLength(2);
      expect(types(model)).toEqual(["Add"]);
    }
    const port = applyOptions(pair(), { input: "0:double,input0" });
    expect(types(port)).toEqual(["Multiply", "Add"]);
    expect(port.inputs).toHaveLength(2);
  });

  it("cuts outputs and drops what only others need", () => {
    const model = applyOptions(pair(), { output: "double" });
    expect(model.inputs.map((i) => i.anyName)).toEqual(["input1"]);
    expect(model.outputs.map((o) => [...o.names])).toEqual([["doubled"]]);
  });

  it("lists what there is when a name is wrong", () => {
    expect(() => applyOptions(pair(), { input: "nothing" })).toThrow(/"nothing".*"input".*"input0", "input1"/);
    expect(() => applyOptions(pair(), { output: "nothing" })).toThrow(/"nothing".*"output".*"sum"/);
  });
});
