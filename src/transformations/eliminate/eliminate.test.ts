import { describe, expect, it } from "vitest";
import { checkRewrite, type Graph, type RewriteCase } from "../../../test/support/check-rewrite.ts";
import type { Output } from "../../model/output.ts";
import { Abs } from "../../ops/elementwise/abs.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Clamp } from "../../ops/elementwise/clamp.ts";
import { Convert } from "../../ops/elementwise/convert.ts";
import { Divide } from "../../ops/elementwise/divide.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Power } from "../../ops/elementwise/power.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { Select } from "../../ops/elementwise/select.ts";
import { Subtract } from "../../ops/elementwise/subtract.ts";
import { branches } from "../../ops/control-flow/bodies.fixture.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Pad12 } from "../../ops/movement/pad.ts";
import { Slice8 } from "../../ops/movement/slice.ts";
import { Split } from "../../ops/movement/split.ts";
import { StridedSlice } from "../../ops/movement/strided-slice.ts";
import { Tile } from "../../ops/movement/tile.ts";
import { Transpose } from "../../ops/movement/transpose.ts";
import { Broadcast3 } from "../../ops/shape/broadcast.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { Unsqueeze } from "../../ops/shape/unsqueeze.ts";
import { constantOf } from "../evaluate-node.ts";
import type { Rewrite } from "../rewrite.ts";
import { constantBranch } from "./constant-branch.ts";
import { constantSelect } from "./constant-select.ts";
import { mergeClamps } from "./merge-clamps.ts";
import { neutralElement } from "./neutral-element.ts";
import { noOpConvert } from "./no-op-convert.ts";
import { noOpPad } from "./no-op-pad.ts";
import { noOpShapeChange } from "./no-op-shape-change.ts";
import { noOpSlice } from "./no-op-slice.ts";
import { noOpTranspose } from "./no-op-transpose.ts";
import { paddleBroadcast } from "./paddle-broadcast.ts";
import { shareSubexpressions } from "./share-subexpressions.ts";
import { singlePart } from "./single-part.ts";

type Body = (g: Graph, x: Output) => Output;
type Case = readonly [name: string, rewrite: Rewrite, shape: string, body: Body, expected: Readonly<Record<string, number>>];

const keepShapes = { useShapes: false };
const takeShapes = { useShapes: true };
const slice = (g: Graph, x: Output, start: number, stop: number, axis: number): Output =>
  g.apply(Slice8, [x, g.ints([start]), g.ints([stop]), g.ints([1]), g.ints([axis])]);
const strided = (g: Graph, x: Output, begin: number[], end: number[], endMask: number[]): Output =>
  g.apply(StridedSlice, [x, g.ints(begin), g.ints(end), g.ints(begin.map(() => 1))], { begin_mask: begin.map(() => 0), end_mask: endMask });
const pad = (g: Graph, x: Output, end: number[]): Output =>
  g.apply(Pad12, [x, g.ints(end.map(() => 0)), g.ints(end), g.floats(0)], { pad_mode: "constant" });

const cases: readonly Case[] = [
  ["Convert to the same type", noOpConvert, "[2,3]", (g, x) => g.apply(Convert, [x], { destination_type: "f32" }), {}],
  ["Convert to another type", noOpConvert, "[2,3]", (g, x) => g.apply(Convert, [x], { destination_type: "f64" }), { Convert: 1 }],
  [
    "Reshape to the same shape",
    noOpShapeChange(keepShapes),
    "[2,3]",
    (g, x) => g.apply(Reshape, [x, g.ints([2, 3])], { special_zero: false }),
    {},
  ],
  [
    "Reshape with 0 and -1 that keeps the shape",
    noOpShapeChange(keepShapes),
    "[2,3]",
    (g, x) => g.apply(Reshape, [x, g.ints([0, -1])], { special_zero: true }),
    {},
  ],
  [
    "Reshape that keeps only this shape",
    noOpShapeChange(keepShapes),
    "[1,3]",
    (g, x) => g.apply(Reshape, [x, g.ints([-1, 3])], { special_zero: true }),
    { Reshape: 1 },
  ],
  [
    "the same, with shapes for granted",
    noOpShapeChange(takeShapes),
    "[1,3]",
    (g, x) => g.apply(Reshape, [x, g.ints([-1, 3])], { special_zero: true }),
    {},
  ],
  [
    "Reshape to another shape",
    noOpShapeChange(takeShapes),
    "[2,3]",
    (g, x) => g.apply(Reshape, [x, g.ints([3, 2])], { special_zero: false }),
    { Reshape: 1 },
  ],
  ["Unsqueeze", noOpShapeChange(takeShapes), "[2,3]", (g, x) => g.apply(Unsqueeze, [x, g.ints([0])]), { Unsqueeze: 1 }],
  [
    "Broadcast to the same shape",
    noOpShapeChange(keepShapes),
    "[2,3]",
    (g, x) => g.apply(Broadcast3, [x, g.ints([2, 3])], { mode: "numpy" }),
    {},
  ],
  [
    "Broadcast to a wider shape",
    noOpShapeChange(keepShapes),
    "[2,1]",
    (g, x) => g.apply(Broadcast3, [x, g.ints([2, 3])], { mode: "numpy" }),
    { Broadcast: 1 },
  ],
  ["Tile once", noOpShapeChange(keepShapes), "[2,3]", (g, x) => g.apply(Tile, [x, g.ints([1, 1])]), {}],
  ["Tile twice", noOpShapeChange(keepShapes), "[2,3]", (g, x) => g.apply(Tile, [x, g.ints([2, 1])]), { Tile: 1 }],
  ["Transpose in order", noOpTranspose, "[2,3]", (g, x) => g.apply(Transpose, [x, g.ints([0, 1])]), {}],
  ["Transpose", noOpTranspose, "[2,3]", (g, x) => g.apply(Transpose, [x, g.ints([1, 0])]), { Transpose: 1 }],
  ["Slice to the end", noOpSlice(keepShapes), "[2,3]", (g, x) => slice(g, x, 0, 0x7fffffff, 1), {}],
  ["Slice to the present end", noOpSlice(keepShapes), "[2,3]", (g, x) => slice(g, x, 0, 3, 1), { Slice: 1 }],
  ["Slice to the present end, with shapes for granted", noOpSlice(takeShapes), "[2,3]", (g, x) => slice(g, x, 0, 3, 1), {}],
  ["Slice of a part", noOpSlice(takeShapes), "[2,3]", (g, x) => slice(g, x, 1, 3, 1), { Slice: 1 }],
  ["StridedSlice to the end", noOpSlice(keepShapes), "[2,3]", (g, x) => strided(g, x, [0, 0], [0, 0], [1, 1]), {}],
  ["StridedSlice of a part", noOpSlice(takeShapes), "[2,3]", (g, x) => strided(g, x, [0, 1], [0, 0], [1, 1]), { StridedSlice: 1 }],
  ["Pad by nothing", noOpPad, "[2,3]", (g, x) => pad(g, x, [0, 0]), {}],
  ["Pad", noOpPad, "[2,3]", (g, x) => pad(g, x, [0, 1]), { Pad: 1 }],
  ["Concat of one", singlePart, "[2,3]", (g, x) => g.apply(Concat, [x], { axis: 0 }), {}],
  ["Concat of two", singlePart, "[2,3]", (g, x) => g.apply(Concat, [x, x], { axis: 0 }), { Concat: 1 }],
  ["Split into one", singlePart, "[2,3]", (g, x) => g.apply(Split, [x, g.ints(0)], { num_splits: 1 }), {}],
  ["Add of 0", neutralElement, "[2,3]", (g, x) => g.apply(Add, [g.floats([0]), x]), {}],
  ["Subtract of 0", neutralElement, "[2,3]", (g, x) => g.apply(Subtract, [x, g.floats(0)]), {}],
  ["Subtract from 0", neutralElement, "[2,3]", (g, x) => g.apply(Subtract, [g.floats(0), x]), { Subtract: 1 }],
  ["Multiply by ones", neutralElement, "[2,3]", (g, x) => g.apply(Multiply, [x, g.floats([1, 1, 1])]), {}],
  [
    "Multiply by ones that widen the data",
    neutralElement,
    "[3]",
    (g, x) => g.apply(Multiply, [x, g.floats([1, 1], [2, 1])]),
    { Multiply: 1 },
  ],
  ["Multiply by a 1 that adds an axis", neutralElement, "[3]", (g, x) => g.apply(Multiply, [x, g.floats([1], [1, 1])]), { Multiply: 1 }],
  ["Divide by 1", neutralElement, "[2,3]", (g, x) => g.apply(Divide, [x, g.floats(1)]), {}],
  ["Divide by 2", neutralElement, "[2,3]", (g, x) => g.apply(Divide, [x, g.floats(2)]), { Divide: 1 }],
  ["Power of 1", neutralElement, "[2,3]", (g, x) => g.apply(Power, [x, g.floats(1)]), {}],
  ["Select of true", constantSelect, "[2,3]", (g, x) => g.apply(Select, [constantOf("boolean", [1, 1, 1]), x, g.floats(0)]), {}],
  [
    "Select of a branch that widens",
    constantSelect,
    "[3]",
    (g, x) => g.apply(Select, [constantOf("boolean", 0), g.weights(2, 3), x]),
    { Select: 1 },
  ],
  ["Select of both", constantSelect, "[3]", (g, x) => g.apply(Select, [constantOf("boolean", [1, 0, 1]), x, g.floats(0)]), { Select: 1 }],
  ["Relu of Relu", mergeClamps, "[5]", (g, x) => g.apply(Relu, [g.apply(Relu, [x])]), { Relu: 1 }],
  ["Clamp of Relu", mergeClamps, "[5]", (g, x) => g.apply(Clamp, [g.apply(Relu, [x])], { min: -1, max: 1 }), { Clamp: 1 }],
  [
    "Clamp of disjoint Clamp",
    mergeClamps,
    "[5]",
    (g, x) => g.apply(Clamp, [g.apply(Clamp, [x], { min: -1, max: 0 })], { min: 0.5, max: 1 }),
    { Clamp: 1 },
  ],
  ["Clamp of something else", mergeClamps, "[5]", (g, x) => g.apply(Clamp, [g.apply(Abs, [x])], { min: -1, max: 1 }), { Abs: 1, Clamp: 1 }],
  [
    "equal operations with equal constants",
    shareSubexpressions,
    "[3]",
    (g, x) => g.apply(Concat, [g.apply(Add, [x, g.floats(2)]), g.apply(Add, [x, g.floats(2)])], { axis: 0 }),
    { Add: 1, Concat: 1 },
  ],
  [
    "operations with other constants or attributes",
    shareSubexpressions,
    "[3]",
    (g, x) =>
      g.apply(
        Concat,
        [
          g.apply(Add, [x, g.floats(2)]),
          g.apply(Add, [x, g.floats(3)]),
          g.apply(Clamp, [x], { min: 0, max: 1 }),
          g.apply(Clamp, [x], { min: 0, max: 2 }),
        ],
        { axis: 0 },
      ),
    { Add: 2, Clamp: 2, Concat: 1 },
  ],
];

describe("elimination", () => {
  it.each(cases)("%s", (_, rewrite, shape, body, expected) => {
    const build: RewriteCase["build"] = (g) => g.apply(Abs, [body(g, g.input(shape))]);
    checkRewrite({ rewrites: [rewrite], build, expected: { ...expected, Abs: (expected["Abs"] ?? 0) + 1 } });
  });

  it("keeps the names of both when a node that feeds an output goes", () => {
    const build = (g: Graph): Output => {
      const kept = g.apply(Abs, [g.input("[2]")]);
      const gone = g.apply(Add, [kept, g.floats(0)]);
      kept.names.add("inner");
      gone.names.add("outer");
      gone.node.friendlyName = "last";
      return gone;
    };
    const model = checkRewrite({ rewrites: [neutralElement], build, expected: { Abs: 1 } });
    const producer = model.results[0].inputs[0];
    expect([...producer.names]).toEqual(["inner", "outer"]);
    expect(producer.node.friendlyName).toBe("last");
  });

  it("leaves a no-op between an input and an output, which need names of their own", () => {
    checkRewrite({ rewrites: [neutralElement], build: (g) => g.apply(Add, [g.input("[2]"), g.floats(0)]), expected: { Add: 1 } });
  });
});

describe("paddle-broadcast", () => {
  const cases: readonly (readonly [string, string, number, Record<string, number>])[] = [
    ["a channel vector", "[3]", 1, { Add: 1, Unsqueeze: 1 }],
    ["leading axes", "[2,3]", 0, { Add: 1, Unsqueeze: 1 }],
    ["ones beyond the end", "[3,1,1]", 1, { Add: 1 }],
    ["more ones than there are axes", "[4,1,1]", 2, { Add: 1, Reshape: 1 }],
    ["the last axes", "[3,4]", -1, { Add: 1 }],
  ];
  it.each(cases)("%s", (_, shape, axis, expected) => {
    const attributes = { auto_broadcast: "pdpd", "auto_broadcast.auto_broadcast_axis": axis };
    const rank = shape === "[3,1,1]" ? "[2,3,4,1]" : "[2,3,4]";
    checkRewrite({
      rewrites: [paddleBroadcast],
      build: (g) => g.apply(Add, [g.input(rank), g.input(shape)], attributes),
      expected,
    });
  });
});

describe("constant-branch", () => {
  const build =
    (condition: 0 | 1) =>
    (g: Graph): Output => {
      const x = g.input("[2]");
      const inner = g.apply(Abs, [x]);
      const node = branches(
        constantOf("boolean", condition, []),
        [x, inner],
        ([a, b]) => [
          branches(
            constantOf("boolean", 1, []),
            [a],
            ([p]) => [g.apply(Relu, [p])],
            ([p]) => [p],
          ).outputs[0],
          g.apply(Add, [a, b]),
        ],
        ([a, b]) => [b, a],
      );
      return g.apply(Multiply, [node.outputs[0], g.apply(Abs, [node.outputs[1]])]);
    };
  it("takes the branch's operations, branches in it too", () => {
    checkRewrite({ rewrites: [constantBranch], build: build(1), expected: { Abs: 2, Add: 1, Multiply: 1, Relu: 1 } });
  });
  it("takes inputs that a branch passes on", () => {
    checkRewrite({ rewrites: [constantBranch], build: build(0), expected: { Abs: 2, Multiply: 1 } });
  });
});
