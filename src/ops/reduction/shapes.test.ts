import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { shapeSize } from "../../common/shape.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { anyDimension, type Dimension, formatDimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { CumSum3 } from "./cum-sum.ts";
import { ReduceLogicalAnd } from "./reduce-logical-and.ts";
import { ReduceMax } from "./reduce-max.ts";
import { ReduceMean } from "./reduce-mean.ts";
import { ReduceSum } from "./reduce-sum.ts";
import { TopK11 } from "./top-k.ts";

const show = (d: Dimension): string => (isKnown(d) ? String(d) : String(d.symbol ?? formatDimension(d)));
const tensor = (type: ElementType, ...dimensions: readonly Dimension[]): Output =>
  parameter(type, new PartialShape(dimensions), "x").outputs[0];
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2] = {}): Output =>
  node(op, inputs, attributes).outputs[0];
const shapeOf = (output: Output): string => output.partialShape.dimensions?.map(show).join(" ") ?? "...";
const i64 = (...values: readonly number[]): Output => constant("i64", values);
const run = (op: OperationDefinition, tensors: readonly Tensor[], attributes: Parameters<typeof node>[2] = {}): readonly Tensor[] => {
  const made = node(
    op,
    tensors.map((t) => tensor(t.elementType, ...t.shape)),
    attributes,
  );
  return made.op.evaluate?.({ node: made, inputs: tensors, attributes: made.attributes, outputs: made.outputs }) ?? [];
};
const top = (k: number): Parameters<typeof apply> => [TopK11, [image, constant("i64", k)], { axis: 2, mode: "max", sort: "value" }];

const [n, h, w] = [symbolic("n", 1), symbolic("h", 4, 640), symbolic("w", 4)];
const image = tensor("f32", n, 3, h, w);

describe("shapes with symbols", () => {
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["kept", () => apply(ReduceMean, [image, i64(2, -1)], { keep_dims: true }), "n 3 1 1"],
    ["dropped", () => apply(ReduceMean, [image, i64(-3, 3)]), "n h"],
    ["by unknown axes", () => apply(ReduceMean, [image, tensor("i64", 2)], { keep_dims: true }), "1.. 1..3 1..640 1.."],
    ["by unknown axes, dropped", () => apply(ReduceMean, [image, tensor("i64", 2)]), "..."],
    ["TopK", () => apply(...top(3)), "n 3 3 w"],
    ["CumSum", () => apply(CumSum3, [image]), "n 3 h w"],
    ["TopK of an unknown count", () => apply(TopK11, [image, tensor("i64")], { axis: 1, mode: "min", sort: "index" }), "n ..3 h w"],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(shapeOf(build())).toBe(expected));
});

describe("errors say what does not fit", () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["axes", () => apply(ReduceSum, [image, i64(4)]), "an axis is out of range; expected -4 to 3, got 4"],
    ["axes of floats", () => apply(ReduceSum, [image, constant("f32", [1])]), "the axes must be integers; got f32"],
    ["booleans", () => apply(ReduceSum, [tensor("boolean", 3), i64(0)]), "expected numbers, got boolean"],
    ["numbers in logic", () => apply(ReduceLogicalAnd, [image, i64(0)]), "expected boolean, got f32"],
    ["more than there are", () => apply(...top(641)), "k is out of range; expected 0 to 640, got 641"],
    ["less than none", () => apply(...top(-1)), "k is out of range"],
    ["CumSum's axis", () => apply(CumSum3, [image, constant("i64", 4)]), "expected -4 to 3, got 4"],
    [
      "more than there turn out to be",
      () => run(TopK11, [new Tensor("f32", [2], [1, 2]), new Tensor("i64", [], [3])], { axis: 0, mode: "max", sort: "value" }),
      "expected 0 to 2, got 3",
    ],
  ];
  test.each(cases)("%s", (_, build, message) => {
    expect(build).toThrow(VintnerError);
    expect(build).toThrow(message);
  });
});

describe("sums", () => {
  test("agree with sums along one axis after another", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        shapes.chain((s) => fc.tuple(fc.constant(s), fc.subarray([...s.keys()]))),
        ([shape, axes]) => {
          const data = tensorOfNumbers(
            "f64",
            shape,
            Float64Array.from({ length: shapeSize(shape) }, (_, i) => (i * 7919) % 31),
          );
          const keep = { keep_dims: true };
          const [at] = run(ReduceSum, [data, new Tensor("i64", [axes.length], axes)], keep);
          const single = axes.reduce((t, a) => run(ReduceSum, [t, new Tensor("i64", [1], [a])], keep)[0], data);
          expect(at.shape).toEqual(shape.map((d, i) => (axes.includes(i) ? 1 : d)));
          expect([...at.data]).toEqual([...single.data]);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  test("are computed in float64: halves neither overflow nor lose small ones", () => {
    const x = tensorOfNumbers("f16", [4], [60000, 60000, -60000, 1]);
    expect([...tensorNumbers(run(ReduceMean, [x, new Tensor("i64", [1], [0])])[0])]).toEqual([15000]);
    const small = new Tensor("f32", [3], [1e8, 1, -1e8]);
    expect([...run(ReduceSum, [small, new Tensor("i64", [1], [0])])[0].data]).toEqual([1]);
  });

  test("of nothing are the extremes of the type", () => {
    const axis = new Tensor("i64", [1], [0]);
    expect([...run(ReduceMax, [new Tensor("f32", [0]), axis])[0].data]).toEqual([Number.NEGATIVE_INFINITY]);
    expect([...run(ReduceMax, [new Tensor("u8", [0]), axis])[0].data]).toEqual([0]);
    expect([...run(ReduceMax, [new Tensor("i64", [0]), axis])[0].data]).toEqual([-(2n ** 63n)]);
  });

  test("of 64-bit integers are exact", () => {
    const data = new Tensor("i64", [3], new BigInt64Array([2n ** 60n + 1n, 3n, -1n]));
    expect([...run(CumSum3, [data], { exclusive: true, reverse: true })[0].data]).toEqual([2n, -1n, 0n]);
    expect([...run(ReduceSum, [data, new Tensor("i64", [1], [0])])[0].data]).toEqual([2n ** 60n + 3n]);
  });
});

test("an unknown length has an unknown number of its largest", () => {
  expect(apply(TopK11, [tensor("f32", anyDimension), tensor("i64")], { axis: 0, mode: "max", sort: "none" }).partialShape.toString()).toBe(
    "[?]",
  );
});
