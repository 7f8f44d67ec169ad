import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { broadcastShapes, shapeSize } from "../../common/shape.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { add, input, mul } from "../../model/scalar-expression.ts";
import { anyDimension, type Dimension, dimension, formatDimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { Add } from "./add.ts";
import { HardSigmoid } from "./hard-sigmoid.ts";
import { IsNaN10 } from "./is-nan.ts";
import { Less } from "./less.ts";
import { LogicalAnd } from "./logical-and.ts";
import { PRelu } from "./p-relu.ts";
import { Select } from "./select.ts";
import { Selu } from "./selu.ts";

const tensor = (type: ElementType, ...dimensions: readonly Dimension[]): Output =>
  parameter(type, new PartialShape(dimensions), "x").outputs[0];
const show = (d: Dimension): string => (isKnown(d) ? String(d) : String(d.symbol ?? formatDimension(d)));
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2] = {}): Output =>
  node(op, inputs, attributes).outputs[0];
const shapeOf = (output: Output): string => output.partialShape.dimensions?.map(show).join(" ") ?? "...";

/** Two shapes that broadcast, and what is known of them: some lengths as intervals. */
const shapes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom("both", "left", "right")), { maxLength: 4 })
  .chain((axes) =>
    fc.tuple(fc.constant(axes), fc.nat(axes.length), fc.infiniteStream(fc.boolean())).map(([all, drop, hidden]) => {
      const left = all.map(([d, side]) => (side === "right" ? 1 : d));
      const right = all.map(([d, side]) => (side === "left" ? 1 : d)).slice(drop);
      const partly = (shape: readonly number[]): Dimension[] =>
        shape.map((d) => (hidden.next().value === true ? dimension(Math.max(0, d - 1), d + 2) : d));
      return { left, right, leftPartial: partly(left), rightPartial: partly(right) };
    }),
  );

describe("numpy's broadcasting", () => {
  test("what is inferred accepts what comes out, whatever is known", () => {
    fc.assert(
      fc.property(shapes, ({ left, right, leftPartial, rightPartial }) => {
        const expected = broadcastShapes(left, right) as number[];
        expect(apply(Add, [tensor("f32", ...left), tensor("f32", ...right)]).partialShape.dimensions).toEqual(expected);
        const partial = apply(Add, [tensor("f32", ...leftPartial), tensor("f32", ...rightPartial)]).partialShape;
        expect(partial.accepts(expected), `${partial} for [${expected}]`).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("elements meet as indices say", () => {
    fc.assert(
      fc.property(shapes, ({ left, right }) => {
        const numbers = (shape: readonly number[], from: number): Tensor =>
          new Tensor(
            "f64",
            shape,
            Float64Array.from({ length: shapeSize(shape) }, (_, i) => from + i),
          );
        const [a, b] = [numbers(left, 1), numbers(right, 1000)];
        const out = evaluateScalar(add(mul(input(0), 3), input(1)), [a, b], "f64");
        const at = (t: Tensor, index: readonly number[]): number =>
          Number(t.data[t.shape.reduce((sum, d, i) => sum * d + (d === 1 ? 0 : index[index.length - t.shape.length + i]), 0)]);
        for (let i = 0; i < out.size; i++) {
          const index: number[] = [];
          for (let rest = i, d = out.shape.length - 1; d >= 0; rest = Math.floor(rest / out.shape[d--])) index[d] = rest % out.shape[d];
          expect(out.data[i]).toBe(at(a, index) * 3 + at(b, index));
        }
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  test("of more elements than one pass has", () => {
    const a = new Tensor(
      "f32",
      [3, 1, 1001],
      Float32Array.from({ length: 3003 }, (_, i) => i),
    );
    const b = new Tensor("f32", [5, 1], [0, 10000, 20000, 30000, 40000]);
    const out = evaluateScalar(add(input(0), input(1)), [a, b], "f32");
    expect(out.shape).toEqual([3, 5, 1001]);
    for (const [i, j, k] of [
      [0, 0, 0],
      [1, 2, 500],
      [2, 4, 1000],
    ])
      expect(out.data[(i * 5 + j) * 1001 + k]).toBe(i * 1001 + k + j * 10000);
  });
});

describe("shapes with symbols", () => {
  const [n, h] = [symbolic("n", 1), symbolic("h", 2, 64)];
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["of one symbol", () => apply(Add, [tensor("f32", n, 3, h), tensor("f32", 3, h)]), "n 3 h"],
    ["with ones", () => apply(Add, [tensor("f32", n, 1, h), tensor("f32", 1, 4, 1)]), "n 4 h"],
    ["a length beats a symbol", () => apply(Add, [tensor("f32", n), tensor("f32", 7)]), "7"],
    ["unknown rank", () => node(Add, [parameter("f32", PartialShape.dynamic, "a").outputs[0], tensor("f32", 3)]).outputs[0], "..."],
    ["comparisons", () => apply(Less, [tensor("i32", n, 3), tensor("i32", 1)]), "n 3"],
    ["three inputs", () => apply(Select, [tensor("boolean", n, 1), tensor("f32", 5), tensor("f32", n, 5)]), "n 5"],
    ["none", () => apply(Add, [tensor("f32", n, anyDimension), tensor("f32", n, h)], { auto_broadcast: "none" }), "n h"],
    ["pdpd", () => apply(Add, [tensor("f32", n, 3, h), tensor("f32", 3)], { ...pdpd(1) }), "n 3 h"],
    ["pdpd at the end", () => apply(Add, [tensor("f32", n, 3, h), tensor("f32", 3, h)], { ...pdpd(-1) }), "n 3 h"],
    ["parameters shape nothing", () => apply(Selu, [tensor("f32"), tensor("f32", 1), tensor("f32", 1)]), ""],
    ["PRelu", () => apply(PRelu, [tensor("f32", n, 3, h), tensor("f32", 3)]), "n 3 h"],
  ];
  test.each(cases)("%s", (_, build, expected) => expect(shapeOf(build())).toBe(expected));
});

const pdpd = (axis: number): Parameters<typeof node>[2] => ({ auto_broadcast: "pdpd", "auto_broadcast.auto_broadcast_axis": axis });

describe("errors say what does not fit", () => {
  const x = tensor("f32", 2, 3);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["shapes", () => apply(Add, [x, tensor("f32", 4)]), "cannot be broadcast together; got [2,3] and [4]"],
    ["shapes that must be equal", () => apply(Add, [x, tensor("f32", 3)], { auto_broadcast: "none" }), "shapes differ; got [2,3] and [3]"],
    ["an axis too far", () => apply(Add, [x, tensor("f32", 3)], { ...pdpd(2) }), "cannot be broadcast together"],
    ["element types", () => apply(Add, [x, tensor("i32", 3)]), "expected one type, got f32 and i32. Insert a Convert"],
    ["booleans in arithmetic", () => apply(Add, [tensor("boolean", 1), tensor("boolean", 1)]), "expected numbers, got boolean"],
    ["numbers in logic", () => apply(LogicalAnd, [x, x]), "expected boolean, got f32"],
    ["integers without NaN", () => apply(IsNaN10, [tensor("i32", 1)]), "expected floats, got i32"],
    ["a condition of numbers", () => apply(Select, [x, x, x]), "the condition must be boolean; got f32"],
    ["parameters of many", () => apply(HardSigmoid, [x, tensor("f32", 2), tensor("f32")]), "input 1 must have one element; got [2]"],
    ["a slope", () => apply(PRelu, [tensor("f32", 1, 3, 4), tensor("f32", 5)]), "the slope cannot be broadcast to the data"],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(VintnerError);
    expect(run).toThrow(message);
  });
});
