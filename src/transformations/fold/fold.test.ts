import { describe, expect, it } from "vitest";
import { checkRewrite, type Graph } from "../../../test/support/check-rewrite.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Convert } from "../../ops/elementwise/convert.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Gather8 } from "../../ops/movement/gather.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { Slice8 } from "../../ops/movement/slice.ts";
import { Broadcast3 } from "../../ops/shape/broadcast.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../ops/shape/shape-of.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { constantOf } from "../evaluate-node.ts";
import { constantFolding } from "./constant-folding.ts";
import { knownValues } from "./known-values.ts";
import { reshapePattern } from "./reshape-pattern.ts";

const folding = constantFolding({ keepDecompression: true });

describe("constant folding", () => {
  it("computes what only depends on constants", () => {
    const build = (g: Graph): Output => g.apply(Add, [g.input("[3]"), g.apply(Multiply, [g.floats([1, 2, 3]), g.floats(2)])]);
    checkRewrite({ rewrites: [folding], build, expected: { Add: 1 } });
  });

  it("keeps a Broadcast that would blow up a number", () => {
    const build = (g: Graph): Output =>
      g.apply(Add, [g.input("[1]"), g.apply(Broadcast3, [g.floats(1), g.ints([600, 600])], { mode: "numpy" })]);
    checkRewrite({ rewrites: [folding], build, expected: { Add: 1, Broadcast: 1 } });
  });

  it("keeps or folds the Converts of compressed weights as told", () => {
    const build = (g: Graph): Output => {
      const weights = g.apply(Convert, [constantOf("f16", [1, 2, 3])], { destination_type: "f32" });
      weights.node.rtInfo.set("decompression", {});
      return g.apply(Add, [g.input("[3]"), weights]);
    };
    checkRewrite({ rewrites: [folding], build, expected: { Add: 1, Convert: 1 } });
    checkRewrite({ rewrites: [constantFolding({ keepDecompression: false })], build, expected: { Add: 1 } });
  });

  it("folds compressed weights of any size", () => {
    const build = (g: Graph): Output => {
      const weights = g.apply(Convert, [constantOf("f16", new Array<number>(600_000).fill(1), [600_000])], { destination_type: "f32" });
      weights.node.rtInfo.set("decompression", {});
      return g.apply(Add, [g.input("[1]"), weights]);
    };
    checkRewrite({ rewrites: [constantFolding({ keepDecompression: false })], build, expected: { Add: 1 } });
  });

  it("folds quantized weights of any size for a device, and keeps them small in a model to be written", () => {
    const build = (g: Graph): Output => {
      const weights = constantNode(new Tensor("i8", [600_000], new Int8Array(600_000).fill(3))).outputs[0];
      return g.apply(Add, [g.input("[1]"), g.apply(Multiply, [g.apply(Convert, [weights], { destination_type: "f32" }), g.floats(0.5)])]);
    };
    checkRewrite({ rewrites: [constantFolding({ keepDecompression: false })], build, expected: { Add: 1 } });
    checkRewrite({ rewrites: [folding], build, expected: { Add: 1, Multiply: 1, Convert: 1 } });
  });
});

const shapeOf = (g: Graph, x: Output): Output => g.apply(ShapeOf3, [x], { output_type: "i64" });
const gather = (g: Graph, shape: Output, indices: readonly number[]): Output =>
  g.apply(Gather8, [shape, g.ints(indices), g.ints(0)], { batch_dims: 0 });
const concat = (g: Graph, ...parts: readonly Output[]): Output => g.apply(Concat, parts, { axis: 0 });
const reshape = (g: Graph, x: Output, target: Output): Output => g.apply(Reshape, [x, target], { special_zero: true });
const targetOf = (node: Node): number[] => Array.from(node.inputs[1].node.constant?.data ?? [], Number);

describe("known values", () => {
  const build = (g: Graph): Output => {
    const x = g.input("[2,3,4]");
    return reshape(g, x, concat(g, gather(g, shapeOf(g, x), [0]), g.ints([12])));
  };

  it("folds computed shapes where the present shapes are for granted", () => {
    checkRewrite({ rewrites: [knownValues({ useShapes: true })], build, expected: { Reshape: 1 } });
  });

  it("keeps them where the model may be reshaped", () => {
    checkRewrite({ rewrites: [knownValues({ useShapes: false })], build, expected: { ShapeOf: 1, Gather: 1, Concat: 1, Reshape: 1 } });
  });

  it("leaves integers alone that a number does not hold exactly, such as an end of a slice without one", () => {
    const build = (g: Graph): Output => {
      const x = g.input("[2,3,4]");
      const end = g.apply(Convert, [constantNode(new Tensor("i64", [1], BigInt64Array.of(2n ** 63n - 1n))).outputs[0]], {
        destination_type: "i64",
      });
      return g.apply(Slice8, [x, g.ints([0, 1]), concat(g, gather(g, shapeOf(g, x), [0]), end), g.ints([1, 1]), g.ints([0, 1])]);
    };
    const rewrites = [knownValues({ useShapes: true }), folding];
    const model = checkRewrite({ rewrites, build, expected: { Slice: 1 } });
    expect(model.outputs[0]?.shape).toEqual([2, 2, 4]);
  });

  it("always folds the rank and the shapes of constants", () => {
    const ranks = (g: Graph): Output => concat(g, shapeOf(g, shapeOf(g, g.input("[2,3,4]"))), shapeOf(g, g.weights(2, 5)));
    checkRewrite({ rewrites: [knownValues({ useShapes: false })], build: ranks, expected: {} });
  });
});

describe("reshape patterns", () => {
  const slice = (g: Graph, shape: Output, start: number, stop: number): Output =>
    g.apply(Slice8, [shape, g.ints([start]), g.ints([stop]), g.ints([1]), g.ints([0])]);

  it("says 0 for an axis that stays and -1 for the rest", () => {
    const build = (g: Graph): Output => {
      const x = g.input("[?,3,?]");
      const shape = shapeOf(g, g.apply(Relu, [x]));
      return reshape(g, x, concat(g, slice(g, shape, 0, 1), g.ints([-1])));
    };
    const model = checkRewrite({ rewrites: [reshapePattern], build, expected: { Reshape: 1 }, shapes: [[2, 3, 4]] });
    expect(targetOf(model.results[0].inputs[0].node)).toEqual([0, -1]);
  });

  it("works the same where the shape is known but may change", () => {
    const build = (g: Graph): Output => {
      const x = g.input("[2,3,4]");
      return reshape(g, x, concat(g, gather(g, shapeOf(g, x), [0]), g.ints([3, -1, 2])));
    };
    const model = checkRewrite({ rewrites: [reshapePattern], build, expected: { Reshape: 1 } });
    expect(targetOf(model.results[0].inputs[0].node)).toEqual([0, 3, -1, 2]);
  });

  it("leaves a target with two lengths that only the data tell", () => {
    const build = (g: Graph): Output => {
      const x = g.input("[?,?,4]");
      const shape = shapeOf(g, x);
      return reshape(g, x, concat(g, gather(g, shape, [1]), gather(g, shape, [0]), g.ints([4])));
    };
    checkRewrite({ rewrites: [reshapePattern], build, expected: { ShapeOf: 1, Gather: 2, Concat: 1, Reshape: 1 }, shapes: [[2, 3, 4]] });
  });
});
