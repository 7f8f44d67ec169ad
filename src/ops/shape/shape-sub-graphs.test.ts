import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { anyDimension, type Dimension, formatDimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Add } from "../elementwise/add.ts";
import { Convert } from "../elementwise/convert.ts";
import { Divide } from "../elementwise/divide.ts";
import { Equal } from "../elementwise/equal.ts";
import { FloorMod } from "../elementwise/floor-mod.ts";
import { Greater } from "../elementwise/greater.ts";
import { LogicalNot } from "../elementwise/logical-not.ts";
import { Maximum } from "../elementwise/maximum.ts";
import { Multiply } from "../elementwise/multiply.ts";
import { Negative } from "../elementwise/negative.ts";
import { Select } from "../elementwise/select.ts";
import { Subtract } from "../elementwise/subtract.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { Concat } from "../movement/concat.ts";
import { Gather8 } from "../movement/gather.ts";
import { ReduceMax } from "../reduction/reduce-max.ts";
import { ReduceProd } from "../reduction/reduce-prod.ts";
import { ReduceSum } from "../reduction/reduce-sum.ts";
import { Broadcast3 } from "./broadcast.ts";
import { Range4 } from "./range.ts";
import { Reshape } from "./reshape.ts";
import { ShapeOf1, ShapeOf3 } from "./shape-of.ts";
import { Squeeze1, Squeeze15 } from "./squeeze.ts";
import { Unsqueeze } from "./unsqueeze.ts";

const show = (d: Dimension): string => (isKnown(d) ? String(d) : String(d.symbol ?? formatDimension(d)));
const shapeOf = (output: Output): string => output.partialShape.dimensions?.map(show).join(" ") ?? "...";
const valueOf = (output: Output): string | undefined => output.value?.map(show).join(" ");
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2] = {}): Output =>
  node(op, inputs, attributes).outputs[0];
const i64 = (...values: readonly number[]): Output => constant("i64", values);
const one = (value: number): Output => constant("i64", value);
const tensor = (type: ElementType, ...dimensions: readonly Dimension[]): Output =>
  parameter(type, new PartialShape(dimensions), "x").outputs[0];

const [n, h, w] = [symbolic("n", 1), symbolic("h", 32, 640), symbolic("w", 32)];
const image = tensor("f32", n, 3, h, w);
const shape = apply(ShapeOf3, [image]);
const length = (axis: number): Output => apply(Gather8, [shape, one(axis), one(0)]);
const vector = (output: Output): Output => apply(Unsqueeze, [output, i64(0)]);
const target = (...parts: readonly Output[]): Output => apply(Concat, parts, { axis: 0 });
const reshape = (data: Output, pattern: Output): Output => apply(Reshape, [data, pattern], { special_zero: true });
const python = (a: Output, b: Output): Output => apply(Divide, [a, b], { m_pythondiv: true });

describe("values of shape sub-graphs", () => {
  const cases: readonly (readonly [string, () => Output, string | undefined])[] = [
    ["ShapeOf", () => apply(ShapeOf1, [image]), "n 3 h w"],
    ["sums", () => apply(Add, [shape, i64(1, 2, 3, 4)]), "(1+n) 5 (3+h) (4+w)"],
    ["a scalar with each", () => apply(Multiply, [shape, one(2)]), "(2*n) 6 (2*h) (2*w)"],
    ["differences that cancel", () => apply(Subtract, [apply(Add, [length(2), length(3)]), length(3)]), "h"],
    ["halves", () => python(length(2), one(2)), "(h/2)"],
    ["halves rounded to zero", () => apply(Divide, [length(2), one(2)], { m_pythondiv: false }), "(h/2)"],
    ["halves that may be below zero", () => apply(Divide, [apply(Negative, [length(2)]), one(2)], { m_pythondiv: false }), undefined],
    ["halves rounded up", () => apply(Negative, [python(apply(Negative, [length(2)]), one(2))]), "((1+h)/2)"],
    ["remainders", () => apply(FloorMod, [length(2), one(32)]), "(h-(32*(h/32)))"],
    ["the larger", () => apply(Maximum, [length(2), one(16)]), "h"],
    ["conversions", () => apply(Convert, [shape], { destination_type: "i32" }), "n 3 h w"],
    ["conversions that may cut", () => apply(Convert, [shape], { destination_type: "i8" }), undefined],
    ["conversions to booleans", () => apply(Convert, [shape], { destination_type: "boolean" }), "1 1 1 1"],
    ["comparisons", () => apply(Equal, [shape, one(-1)]), "0 0 0 0"],
    ["comparisons of symbols", () => apply(Greater, [apply(Add, [length(2), one(1)]), length(2)]), "1"],
    ["comparisons that are open", () => apply(LogicalNot, [apply(Equal, [shape, i64(1, 3, 4, 50)])]), "..1 0 1 ..1"],
    ["selections, as exporters replace -1", () => apply(Select, [apply(Equal, [shape, one(-1)]), i64(1, 1, 1, 1), shape]), "n 3 h w"],
    ["the number of elements", () => apply(ReduceProd, [shape, one(0)]), "(3*h*n*w)"],
    ["sums of all", () => apply(ReduceSum, [shape, i64(0)], { keep_dims: true }), "(3+h+n+w)"],
    ["the largest of all", () => apply(ReduceMax, [i64(2, 7, 5), one(0)]), "7"],
    ["Unsqueeze and Squeeze", () => apply(Squeeze1, [vector(length(3)), i64(0)]), "w"],
    ["one number repeated", () => apply(Broadcast3, [one(5), i64(3)]), "5 5 5"],
    ["ranges", () => apply(Range4, [one(4), one(-2), one(-2)], { output_type: "i64" }), "4 2 0"],
    [
      "ranges from symbols",
      () => apply(Range4, [length(2), apply(Add, [length(2), one(3)]), one(1)], { output_type: "i64" }),
      "h (1+h) (2+h)",
    ],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(valueOf(build())).toBe(expected));

  test("a remainder lies below its divisor", () => {
    expect(apply(FloorMod, [length(2), one(32)]).value?.[0]).toMatchObject({ min: 0, max: 31 });
  });
});

describe("shapes with symbols", () => {
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["a copied length that has no name", () => reshape(tensor("f32", anyDimension, 2), i64(0, -1)), "? 2"],
    ["ShapeOf to Reshape", () => reshape(image, target(vector(length(0)), i64(-1))), "n (3*h*w)"],
    ["batches joined", () => reshape(image, target(vector(apply(Multiply, [length(0), one(3)])), i64(-1), vector(length(3)))), "(3*n) h w"],
    ["by a product of symbols", () => reshape(image, target(vector(apply(ReduceProd, [shape, one(0)])))), "(3*h*n*w)"],
    ["zeros copy", () => reshape(image, i64(0, 0, -1)), "n 3 (h*w)"],
    ["heads split", () => reshape(tensor("f32", n, h, 96), i64(0, -1, 4, 24)), "n h 4 24"],
    ["heads joined", () => reshape(tensor("f32", n, h, 4, 24), i64(0, -1, 96)), "n h 96"],
    ["a -1 that no symbol tells", () => reshape(tensor("f32", n, anyDimension, 4), i64(0, -1, 2)), "n ? 2"],
    ["one unknown value", () => reshape(tensor("f32", 6, 4), target(i64(3), tensor("i64", 1))), "? ?"],
    ["unknown target", () => reshape(image, tensor("i64", 3)), "? ? ?"],
    ["unknown rank", () => reshape(image, tensor("i64", anyDimension)), "..."],
    ["Squeeze of an axis", () => apply(Squeeze1, [tensor("f32", n, 1, h), i64(1)]), "n h"],
    ["Squeeze of an axis that must be 1", () => apply(Squeeze1, [tensor("f32", n, anyDimension), i64(-1)]), "n"],
    ["Squeeze of an axis that may stay", () => apply(Squeeze15, [tensor("f32", n, 1), i64(0)], { allow_axis_skip: true }), "..."],
    ["Squeeze of all", () => apply(Squeeze1, [tensor("f32", 1, h, 1)]), "h"],
    ["Squeeze of who knows which", () => apply(Squeeze1, [tensor("f32", n, 1)]), "..."],
    ["Unsqueeze", () => apply(Unsqueeze, [tensor("f32", n, h), i64(0, -1)]), "1 n h 1"],
    ["Broadcast", () => apply(Broadcast3, [tensor("f32", 3, 1), target(vector(length(0)), i64(3), vector(length(2)))]), "n 3 h"],
    ["Broadcast tells the target", () => apply(Broadcast3, [tensor("f32", 7), tensor("i64", 2)]), "? 7"],
    [
      "Broadcast by axes",
      () => apply(Broadcast3, [tensor("f32", h), target(vector(length(0)), vector(length(2)), i64(4)), i64(1)], { mode: "explicit" }),
      "n h 4",
    ],
    ["Broadcast both ways", () => apply(Broadcast3, [tensor("f32", n, 1), i64(1, 5)], { mode: "bidirectional" }), "n 5"],
    ["Range of a length", () => apply(Range4, [one(0), length(3), one(1)], { output_type: "i32" }), "w"],
    ["Range by steps", () => apply(Range4, [one(0), length(3), one(2)], { output_type: "i32" }), "((1+w)/2)"],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(shapeOf(build())).toBe(expected));
});

describe("errors say what does not fit", () => {
  const x = tensor("f32", 2, 3);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["elements", () => reshape(x, i64(4)), "expected 6 from [2,3], got [4]"],
    ["elements of a -1", () => reshape(x, i64(4, -1)), "expected a multiple of 4, got 6 from [2,3]"],
    ["two -1", () => reshape(x, i64(-1, -1)), "more than one -1"],
    ["a zero too far", () => reshape(x, i64(1, 1, 0)), "no input dimension to copy; got position 2 of 3"],
    ["a negative length", () => reshape(x, i64(-2)), "negative length; got -2"],
    ["a target of floats", () => reshape(x, constant("f32", [6])), "must be integers; got f32"],
    ["Squeeze", () => apply(Squeeze1, [x, i64(1)]), "a dimension to remove is not 1; got 3 at axis 1"],
    ["Squeeze's axis", () => apply(Squeeze1, [x, i64(2)]), "expected -2 to 1, got 2"],
    ["Unsqueeze", () => apply(Unsqueeze, [x, i64(0, 0)]), "out of range or repeated"],
    ["Broadcast", () => apply(Broadcast3, [x, i64(2, 4)]), "cannot be broadcast to the target shape; got 3 to 4 on axis 1"],
    ["Broadcast to fewer", () => apply(Broadcast3, [x, i64(3)]), "more dimensions than the target"],
    ["Broadcast's axes", () => apply(Broadcast3, [x, i64(2, 3, 4), i64(0)], { mode: "explicit" }), "expected 2 axes, got [0]"],
    ["Range", () => apply(Range4, [one(0), one(1), one(0)], { output_type: "i64" }), "the range has no end"],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(VintnerError);
    expect(run).toThrow(message);
  });

  test("memory that there is not gives a typed error", () => {
    for (const made of [
      node(Range4, [one(0), one(2 ** 50), one(1)], { output_type: "f32" }),
      node(Broadcast3, [constant("f32", 1), i64(2 ** 25, 2 ** 25)], {}),
    ]) {
      const run = (): unknown =>
        made.op.evaluate?.({
          node: made,
          inputs: made.inputs.map((o) => o.constant as Tensor),
          attributes: made.attributes,
          outputs: made.outputs,
        });
      expect(run).toThrow(VintnerError);
    }
  });
});
