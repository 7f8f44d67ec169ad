import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { anyDimension, type Dimension, formatDimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { ShapeOf3 } from "../shape/shape-of.ts";
import { Concat } from "./concat.ts";
import { Gather8 } from "./gather.ts";
import { OneHot1 } from "./one-hot.ts";
import { Pad12 } from "./pad.ts";
import { Reverse } from "./reverse.ts";
import { ScatterUpdate3 } from "./scatter-update.ts";
import { Slice8 } from "./slice.ts";
import { SpaceToBatch2 } from "./space-to-batch.ts";
import { SpaceToDepth } from "./space-to-depth.ts";
import { Split } from "./split.ts";
import { StridedSlice } from "./strided-slice.ts";
import { Tile } from "./tile.ts";
import { Transpose } from "./transpose.ts";
import { VariadicSplit } from "./variadic-split.ts";

/** Numbers as they are, symbols by name, anything else as an interval. */
const show = (d: Dimension): string => (isKnown(d) ? String(d) : String(d.symbol ?? formatDimension(d)));
const shapeOf = (output: Output): string => (output.partialShape.dimensions ?? []).map(show).join(" ");
const valueOf = (output: Output): string | undefined => output.value?.map(show).join(" ");

const [n, h, w] = [symbolic("n", 1), symbolic("h", 4, 640), symbolic("w", 4)];
const image = (...dimensions: readonly Dimension[]): Output => parameter("f32", new PartialShape(dimensions), "x").outputs[0];
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2] = {}): Output[] => [
  ...node(op, inputs, attributes).outputs,
];
const i64 = (...values: readonly number[]): Output => constant("i64", values);
const masks = (begin: number, end: number, shrink: number): Parameters<typeof node>[2] => ({
  begin_mask: [begin],
  end_mask: [end],
  new_axis_mask: [0],
  shrink_axis_mask: [shrink],
  ellipsis_mask: [0],
});

describe("symbols survive", () => {
  const x = image(n, 3, h, w);
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["Transpose", () => apply(Transpose, [x, i64(0, 2, 3, 1)])[0], "n h w 3"],
    ["Concat", () => apply(Concat, [x, image(n, 5, h, w)], { axis: 1 })[0], "n 8 h w"],
    ["Concat along a symbol", () => apply(Concat, [x, x], { axis: 2 })[0], "n 3 (2*h) w"],
    ["Split", () => apply(Split, [x, i64(3)], { num_splits: 2 })[1], "n 3 h (w/2)"],
    ["VariadicSplit", () => apply(VariadicSplit, [x, i64(2), i64(-1, 3)])[0], "n 3 (-3+h) w"],
    ["Gather", () => apply(Gather8, [x, i64(0, 0), i64(1)])[0], "n 2 h w"],
    ["Slice of all", () => apply(Slice8, [x, i64(0), i64(2 ** 31 - 1), i64(1), i64(2)])[0], "n 3 h w"],
    ["Slice from a number", () => apply(Slice8, [x, i64(1), i64(2 ** 31 - 1), i64(1), i64(2)])[0], "n 3 (-1+h) w"],
    ["Slice to the end but one", () => apply(Slice8, [x, i64(0), i64(-1), i64(1), i64(2)])[0], "n 3 (-1+h) w"],
    ["Slice of every second", () => apply(Slice8, [x, i64(0), i64(2 ** 31 - 1), i64(2), i64(2)])[0], "n 3 slice(h,0:2147483647:2) w"],
    ["Pad", () => apply(Pad12, [x, i64(0, 0, 1, 1), i64(0, 0, 1, -3)], { pad_mode: "constant" })[0], "n 3 (2+h) (-2+w)"],
    ["Tile", () => apply(Tile, [x, i64(2, 1, 1, 1)])[0], "(2*n) 3 h w"],
    ["SpaceToDepth", () => apply(SpaceToDepth, [x], { mode: "depth_first", block_size: 2 })[0], "n 12 (h/2) (w/2)"],
    [
      "OneHot",
      () =>
        apply(
          OneHot1,
          [constant("i64", [1, 2]), i64(5), i64(1), i64(0)].map((o, i) => (i > 0 ? scalar(o) : o)),
          { axis: -1 },
        )[0],
      "2 5",
    ],
    ["SpaceToBatch", () => apply(SpaceToBatch2, [x, i64(1, 1, 2, 2), i64(0, 0, 0, 0), i64(0, 0, 0, 0)])[0], "(4*n) 3 (h/2) (w/2)"],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(shapeOf(build())).toBe(expected));

  test("lengths of slices of intervals have bounds", () => {
    const every = apply(Slice8, [x, i64(0), i64(2 ** 31 - 1), i64(2), i64(2)])[0].partialShape.dimensions?.[2];
    expect(every).toMatchObject({ min: 2, max: 320 });
    const middle = apply(Slice8, [x, i64(-3), i64(2), i64(1), i64(3)])[0].partialShape.dimensions?.[3];
    expect(middle).toMatchObject({ min: 0, max: 1 });
  });
});

const scalar = (output: Output): Output => constant("i64", Number(output.constant?.data[0]));

describe("values go through shape sub-graphs", () => {
  const shape = apply(ShapeOf3, [image(n, 3, h, w)])[0];
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["Gather", () => apply(Gather8, [shape, i64(3, -2, 0), constant("i64", 0)])[0], "w h n"],
    ["Gather of a scalar", () => apply(Gather8, [shape, constant("i64", 1), constant("i64", 0)])[0], "3"],
    ["Concat", () => apply(Concat, [shape, i64(7)], { axis: 0 })[0], "n 3 h w 7"],
    ["Slice", () => apply(Slice8, [shape, i64(-2), i64(2 ** 31 - 1), i64(1), i64(0)])[0], "h w"],
    ["Slice backwards", () => apply(Slice8, [shape, i64(-1), i64(-5), i64(-1), i64(0)])[0], "w h 3 n"],
    ["StridedSlice", () => apply(StridedSlice, [shape, i64(2), i64(0), i64(1)], masks(0, 1, 0))[0], "h w"],
    ["StridedSlice that drops its axis", () => apply(StridedSlice, [shape, i64(-1), i64(0), i64(1)], masks(0, 0, 1))[0], "w"],
    ["Split", () => apply(Split, [shape, constant("i64", 0)], { num_splits: 2 })[1], "h w"],
    ["VariadicSplit", () => apply(VariadicSplit, [shape, constant("i64", 0), i64(1, -1)])[1], "3 h w"],
    ["Reverse", () => apply(Reverse, [shape, i64(0)], { mode: "index" })[0], "w h 3 n"],
    ["ScatterUpdate", () => apply(ScatterUpdate3, [shape, i64(1, 3), i64(9, 8), constant("i64", 0)])[0], "n 9 h 8"],
    ["Pad", () => apply(Pad12, [shape, i64(1), i64(-2), constant("i64", 1)], { pad_mode: "constant" })[0], "1 n 3"],
    ["Tile", () => apply(Tile, [shape, i64(2)])[0], "n 3 h w n 3 h w"],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(valueOf(build())).toBe(expected));

  test("an index out of range is no value", () => {
    expect(valueOf(apply(Gather8, [shape, i64(4), constant("i64", 0)])[0])).toBeUndefined();
  });
});

describe("errors name the node and what is wrong", () => {
  const x = image(n, 3, 4, 4);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["an order that is no permutation", () => apply(Transpose, [x, i64(0, 1, 1, 2)]), "is no permutation of the axes"],
    ["parts that differ", () => apply(Concat, [x, image(n, 3, 5, 4)], { axis: 1 }), "the parts differ on axis 2"],
    ["an uneven split", () => apply(Split, [x, i64(1)], { num_splits: 2 }), "expected a multiple of 2, got 3 on axis 1"],
    ["lengths that do not fill", () => apply(VariadicSplit, [x, i64(1), i64(1, 1)]), "the lengths do not fill the dimension"],
    ["an axis out of range", () => apply(Concat, [x], { axis: 4 }), "expected -4 to 3, got 4"],
    ["a step of 0", () => apply(Slice8, [x, i64(0), i64(1), i64(0)]), "a step is 0"],
    ["a negative pad that cuts too much", () => apply(Pad12, [x, i64(0, 0, -5, 0), i64(0, 0, 0, 0)], { pad_mode: "constant" }), "axis 2"],
    [
      "a reflection that is too long",
      () => apply(Pad12, [x, i64(0, 0, 4, 0), i64(0, 0, 0, 0)], { pad_mode: "reflect" }),
      "at most 3 on axis 2",
    ],
    ["float indices", () => apply(Gather8, [x, constant("f32", [1]), i64(1)]), "the indices must be integers; got f32"],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(VintnerError);
    expect(run).toThrow(message);
  });
});

describe("numbers of damaged files do no harm", () => {
  test("huge repeats and pads give shapes, but no values", () => {
    expect(valueOf(apply(Tile, [i64(1, 2), i64(2 ** 40)])[0])).toBeUndefined();
    expect(valueOf(apply(Pad12, [i64(1, 2), i64(2 ** 40), i64(0)], { pad_mode: "constant" })[0])).toBeUndefined();
  });
  test("huge numbers of parts are refused", () => {
    const x = image(anyDimension);
    expect(() => apply(Split, [x, constant("i64", 0)], { num_splits: 1e12 })).toThrow("num_splits is out of range");
    const lengths = parameter("i64", new PartialShape([1e12]), "lengths").outputs[0];
    expect(() => apply(VariadicSplit, [x, constant("i64", 0), lengths])).toThrow("the number of parts must be known");
  });
  test("memory that there is not gives a typed error", () => {
    const tile = node(Tile, [constant("f32", [1, 2]), i64(2 ** 40)]);
    const run = (): unknown =>
      tile.op.evaluate?.({ node: tile, inputs: tile.inputs.map((o) => o.constant as Tensor), attributes: {}, outputs: tile.outputs });
    expect(run).toThrow(VintnerError);
  });
});
