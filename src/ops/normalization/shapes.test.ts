import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { type Dimension, symbolic } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { BatchNormInference1, BatchNormInference5 } from "./batch-norm-inference.ts";
import { GroupNormalization12 } from "./group-normalization.ts";
import { LRN } from "./lrn.ts";
import { MVN6 } from "./mvn.ts";
import { NormalizeL2 } from "./normalize-l2.ts";
import { Softmax8 } from "./softmax.ts";

const tensor = (type: ElementType, ...dimensions: readonly Dimension[]): Output =>
  parameter(type, new PartialShape(dimensions), "x").outputs[0];
const vector = (length: number): Output => tensor("f32", length);
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2] = {}): Output =>
  node(op, inputs, attributes).outputs[0];
const i64 = (...values: readonly number[]): Output => constant("i64", values);
const run = (op: OperationDefinition, tensors: readonly Tensor[], attributes: Parameters<typeof node>[2] = {}): number[] => {
  const made = node(
    op,
    tensors.map((t) => tensor(t.elementType, ...t.shape)),
    attributes,
  );
  const [out] = made.op.evaluate?.({ node: made, inputs: tensors, attributes: made.attributes, outputs: made.outputs }) ?? [];
  return Array.from(tensorNumbers(out));
};

const image = tensor("f32", symbolic("n"), 4, symbolic("h"));
const mvn = { eps: 1e-6, eps_mode: "INSIDE_SQRT", normalize_variance: true };
const group = (groups: number): Parameters<typeof node>[2] => ({ num_groups: groups, epsilon: 1e-3 });

test.each<readonly [string, () => Output]>([
  ["Softmax", () => apply(Softmax8, [image], { axis: -1 })],
  ["MVN", () => apply(MVN6, [image, i64(-1)], mvn)],
  ["NormalizeL2", () => apply(NormalizeL2, [image, i64(1)], { eps: 0.1, eps_mode: "max" })],
  ["LRN", () => apply(LRN, [image, i64(1)], { alpha: 1, beta: 1, bias: 1, size: 3 })],
  ["GroupNormalization", () => apply(GroupNormalization12, [image, vector(4), vector(4)], group(2))],
  ["BatchNormInference", () => apply(BatchNormInference5, [image, vector(4), vector(4), vector(4), vector(4)], { epsilon: 0 })],
])("%s keeps the shape and its symbols", (_, build) => {
  expect(build().partialShape.dimensions).toEqual(image.partialShape.dimensions);
});

describe("errors say what does not fit", () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["an axis", () => apply(Softmax8, [image], { axis: 3 }), "expected -3 to 2, got 3"],
    ["axes", () => apply(MVN6, [image, i64(3)], mvn), "expected -3 to 2, got 3"],
    ["integers", () => apply(Softmax8, [tensor("i32", 4)], { axis: 0 }), "expected floats, got i32"],
    ["groups", () => apply(GroupNormalization12, [image, vector(4), vector(4)], group(3)), "expected a divisor of 4, got 3"],
    ["scales", () => apply(GroupNormalization12, [image, vector(3), vector(4)], group(2)), "input 1 needs one value for each channel"],
    [
      "means",
      () => apply(BatchNormInference1, [vector(4), vector(4), image, vector(5), vector(4)], { epsilon: 0 }),
      "input 3 needs one value for each channel; expected 4, got 5",
    ],
    [
      "data without channels",
      () => apply(BatchNormInference5, [vector(4), vector(4), vector(4), vector(4), vector(4)], { epsilon: 0 }),
      "the data has no channels",
    ],
  ];
  test.each(cases)("%s", (_, build, message) => {
    expect(build).toThrow(VintnerError);
    expect(build).toThrow(message);
  });
});

describe("values", () => {
  test("LRN with a bias that is no integer, which OpenVINO's CPU truncates", () => {
    const x = new Tensor("f32", [1, 2], [1, 2]);
    const got = run(LRN, [x, new Tensor("i64", [1], [1])], { alpha: 3, beta: 1, bias: 0.5, size: 3 });
    for (const [i, expected] of [1 / 5.5, 2 / 5.5].entries()) expect(got[i]).toBeCloseTo(expected, 6);
  });

  test("a large mean does not spoil the variance", () => {
    const x = new Tensor("f32", [4], [16777216, 16777218, 16777220, 16777222]);
    const got = run(MVN6, [x, new Tensor("i64", [1], [0])], mvn);
    for (const [i, expected] of [-3, -1, 1, 3].entries()) expect(got[i]).toBeCloseTo(expected / Math.sqrt(5), 6);
  });

  test("halves are rounded once, at the end", () => {
    const x = tensorOfNumbers("f16", [3], [40000, 30000, 20000]);
    const got = run(NormalizeL2, [x, new Tensor("i64", [1], [0])], { eps: 0, eps_mode: "add" });
    for (const [i, v] of [40000, 30000, 20000].entries()) expect(got[i]).toBeCloseTo(v / Math.hypot(40000, 30000, 20000), 3);
  });
});
