import { describe, expect, it } from "vitest";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { node } from "../../model/node.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { StridedSlice } from "./strided-slice.ts";

const pick = (index: number, shape: string) =>
  node(
    StridedSlice,
    [
      parameter("f32", PartialShape.parse(shape), "x").outputs[0],
      constant("i64", [index]),
      constant("i64", [index + 1]),
      constant("i64", [1]),
    ],
    { begin_mask: [0], end_mask: [0], shrink_axis_mask: [1], new_axis_mask: [], ellipsis_mask: [] },
  ).outputs[0];

describe("StridedSlice with an axis that is dropped", () => {
  it.each([
    [0, "[2,16]"],
    [-2, "[2,16]"],
    [1, "[1..4,16]"],
    [9, "[?,16]"],
  ])("takes index %i of %s", (index, shape) => {
    expect(String(pick(index, shape).partialShape)).toBe("[16]");
  });

  it.each([
    [2, "[2,16]"],
    [-3, "[2,16]"],
    [4, "[1..4,16]"],
    [0, "[0,16]"],
  ])("refuses index %i of %s", (index, shape) => {
    expect(() => pick(index, shape)).toThrow(/index is out of range/);
  });
});
