import fc from "fast-check";
import { expect, test } from "vitest";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import { evaluateNode } from "../transformations/evaluate-node.ts";
import { node } from "../model/node.ts";
import { ScaledTensor } from "./scaled-tensor.ts";
import { Tensor } from "./tensor.ts";

const filled = (shape: readonly number[], seed: number): Tensor => {
  const tensor = new Tensor("f32", shape);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = Math.fround(Math.sin(i * 1.7 + seed) * 3);
  return tensor;
};

const product = (a: Tensor, b: Tensor): Tensor =>
  (evaluateNode(node(Multiply, [constantNode(a).outputs[0], constantNode(b).outputs[0]])) as readonly Tensor[])[0];

test("holds the products of its base and factors of any broadcast shape", () => {
  const shapes = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.boolean()), { maxLength: 5 })
    .chain((axes) => fc.tuple(fc.constant(axes), fc.integer({ min: 0, max: axes.length }), fc.integer({ min: 0, max: axes.length })));
  fc.assert(
    fc.property(shapes, ([axes, from, second]) => {
      const base = filled(
        axes.map(([d]) => d),
        1,
      );
      const one = filled(
        axes.slice(from).map(([d, kept]) => (kept ? d : 1)),
        2,
      );
      const other = filled(
        axes.slice(second).map(([d, , kept]) => (kept ? d : 1)),
        3,
      );
      const scaled = new ScaledTensor(new ScaledTensor(base, one), other);
      expect(scaled.base).toBe(base);
      expect(scaled.data).toEqual(product(product(base, one), other).data);
    }),
  );
});

test("makes data when it is read, checks it, and keeps it unless it is read once", () => {
  let made = 0;
  const tensor = new Tensor("f32", [2], () => Float32Array.of(1, ++made));
  const shaped = tensor.reshaped([1, 2]);
  expect(made).toBe(0);
  expect(tensor.readOnce()).toEqual(Float32Array.of(1, 1));
  expect(tensor.data).toEqual(Float32Array.of(1, 2));
  expect(shaped.data).toBe(tensor.data);
  expect(tensor.readOnce()).toBe(tensor.data);
  expect(() => new Tensor("f32", [3], () => Float32Array.of(1)).data).toThrow(/does not fill/);
  expect(() => new Tensor("f32", [1], () => Int32Array.of(1)).data).toThrow(/cannot hold/);
});
