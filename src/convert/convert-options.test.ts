import { describe, expect, it } from "vitest";
import { PartialShape } from "../tensor/partial-shape.ts";
import { channelValues } from "./channel-values.ts";
import { checkOptions, type ConvertOptions, inputSpecs, outputNames } from "./convert-options.ts";
import { axisOf, parseLayouts, transposition } from "./layout.ts";
import { parseInput } from "./parse-input.ts";

const shape = (text: string): PartialShape => PartialShape.parse(text);

describe("input", () => {
  it("reads names, shapes, types and frozen values as the Model Optimizer does", () => {
    expect(parseInput("a[1 10]{f32},b:1[2]{i32}->[20 15],seq_len->150")).toEqual([
      { name: "a", shape: shape("[1,10]"), type: "f32" },
      { name: "b:1", shape: shape("[2]"), type: "i32", value: [20, 15] },
      { name: "seq_len", value: [150] },
    ]);
  });

  it.each([
    ["a[1,3,?,224]{f32},b", [{ name: "a", shape: shape("[1,3,?,224]"), type: "f32" }, { name: "b" }]],
    ["[1,3,1..10,..100]", [{ shape: shape("[1,3,1..10,..100]") }]],
    ["x{half}", [{ name: "x", type: "f16" }]],
    ["0:node[]", [{ name: "0:node", shape: shape("[]") }]],
    ["keep->True", [{ name: "keep", value: [1] }]],
    ["serving/input;1:0[1,2]", [{ name: "serving/input;1:0", shape: shape("[1,2]") }]],
  ])("reads %s", (text, expected) => expect(parseInput(text)).toEqual(expected));

  it.each([
    ["a[1,x]", /unreadable dimension/],
    ["a{f99}", /unknown type.*f64, f32/],
    ["a[1,2", /not closed/],
    ["a->", /no value/],
    ["a->[1 z]", /no number/],
  ])("refuses %s", (text, message) => expect(() => parseInput(text)).toThrow(message));

  it("joins shapes to names by position or by name", () => {
    expect(inputSpecs({ input: "a,b", inputShape: "[1,2],[3]" })).toEqual([
      { name: "a", shape: shape("[1,2]") },
      { name: "b", shape: shape("[3]") },
    ]);
    expect(inputSpecs({ inputShape: [1, 3, -1, 224] })).toEqual([{ shape: shape("[1,3,?,224]") }]);
    expect(inputSpecs({ input: ["a{i32}"], inputShape: { a: [2], c: "[?]" } })).toEqual([
      { name: "a", type: "i32", shape: shape("[2]") },
      { name: "c", shape: shape("[?]") },
    ]);
    expect(() => inputSpecs({ input: "a,b", inputShape: "[1]" })).toThrow(/do not match.*2 shapes.*1/);
  });
});

describe("mean and scale values", () => {
  it.each([
    ["[1,2,3]", [{ values: [1, 2, 3] }]],
    ["(1,2,3)", [{ values: [1, 2, 3] }]],
    [
      "data[1,2,3],info(4)",
      [
        { name: "data", values: [1, 2, 3] },
        { name: "info", values: [4] },
      ],
    ],
  ])("reads %s", (text, expected) => expect(channelValues(text, "meanValues")).toEqual(expected));

  it("reads numbers and objects", () => {
    expect(channelValues([1, 2], "meanValues")).toEqual([{ values: [1, 2] }]);
    expect(channelValues({ x: [1] }, "meanValues")).toEqual([{ name: "x", values: [1] }]);
  });

  it.each(["1,2,3", "[a]", "[]"])("refuses %s", (text) => expect(() => channelValues(text, "meanValues")).toThrow(/meanValues/));
});

describe("layout", () => {
  it("reads source and target", () => {
    expect(parseLayouts("data(nhwc->nchw),[n,...]")).toEqual([
      { name: "data", source: ["n", "h", "w", "c"], target: ["n", "c", "h", "w"] },
      { source: ["n", "..."] },
    ]);
    expect(parseLayouts("n...c")).toEqual([{ source: ["n", "...", "c"] }]);
  });

  it("finds axes and orders", () => {
    expect(axisOf(["n", "...", "c"], "c", 4)).toBe(3);
    expect(axisOf(["n", "c", "h", "w"], "c", 4)).toBe(1);
    expect(transposition(["n", "c", "h", "w"], ["n", "h", "w", "c"])).toEqual([0, 2, 3, 1]);
    expect(transposition(["n", "c"], ["n", "h"])).toBeUndefined();
  });

  it.each(["nn", "n->c->h", "n*c"])("refuses %s", (text) => expect(() => parseLayouts(text)).toThrow(/layout/));
});

describe("options", () => {
  it.each<[object, RegExp]>([
    [{ inputs: "a" }, /unknown option "inputs".*framework, input/],
    [{ scale: "2" }, /"scale" has the wrong type.*number/],
    [{ scale: 0 }, /divides by 0/],
    [{ scale: 2, scaleValues: "[1]" }, /exclude each other/],
    [{ reverseInputChannels: "yes" }, /boolean/],
    [{ input: 3 }, /text or list/],
  ])("refuses %j", (options, message) => expect(() => checkOptions(options as ConvertOptions)).toThrow(message));

  it("splits output names", () => {
    expect(outputNames({ output: "a:0, b" })).toEqual(["a:0", "b"]);
    expect(outputNames({ output: ["a", "b"] })).toEqual(["a", "b"]);
    expect(() => outputNames({ output: [""] })).toThrow(/output/);
  });
});
