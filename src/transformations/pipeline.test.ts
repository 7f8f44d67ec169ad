import { describe, expect, it } from "vitest";
import { countOperations, expectEqualOutputs, Graph, seededNumbers } from "../../test/support/check-rewrite.ts";
import { evaluateModel } from "../../test/support/evaluate-model.ts";
import type { Model } from "../model/model.ts";
import type { Output } from "../model/output.ts";
import { Add } from "../ops/elementwise/add.ts";
import { Clamp } from "../ops/elementwise/clamp.ts";
import { Divide } from "../ops/elementwise/divide.ts";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { Sigmoid } from "../ops/elementwise/sigmoid.ts";
import { Concat } from "../ops/movement/concat.ts";
import { Gather8 } from "../ops/movement/gather.ts";
import { Convolution } from "../ops/nn/convolution.ts";
import { BatchNormInference5 } from "../ops/normalization/batch-norm-inference.ts";
import { Reshape } from "../ops/shape/reshape.ts";
import { ShapeOf3 } from "../ops/shape/shape-of.ts";
import { constantOf } from "./evaluate-node.ts";
import { optimize, pipeline } from "./pipeline.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";

const pads = { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], auto_pad: "explicit" };

/** The block that PaddleOCR's networks repeat: convolution, batch norm, hard swish spelled out, scale and offset, convolution. */
function block(shape: string): Model {
  const g = new Graph();
  const conv = g.apply(Convolution, [g.input(shape), g.weights(4, 3, 1, 1)], pads);
  const bias = g.apply(Add, [conv, g.weights(1, 4, 1, 1)]);
  const norm = g.apply(BatchNormInference5, [bias, g.weights(4), g.weights(4), g.weights(4), g.floats([1, 0.5, 2, 1])], { epsilon: 1e-5 });
  const gate = g.apply(Clamp, [g.apply(Add, [norm, g.floats([3])])], { min: 0, max: 6 });
  const swish = g.apply(Divide, [g.apply(Multiply, [norm, gate]), g.floats([6])]);
  const affine = g.apply(Add, [g.apply(Multiply, [swish, g.floats([0.5])]), g.floats([0.25])]);
  const last = g.apply(Convolution, [affine, g.weights(2, 4, 1, 1)], pads);
  last.names.add("last");
  return g.model(last);
}

describe("the pipeline", () => {
  it("has passes and rewrites with names of their own", () => {
    const passes = pipeline().map((p) => p.name);
    expect(new Set(passes).size).toBe(passes.length);
    const rewrites = new Set(pipeline({ useShapes: true }).flatMap((p) => p.rewrites));
    expect(new Set([...rewrites].map((r) => r.name)).size).toBe(rewrites.size);
  });

  it("leaves convolution, bias and activation of a block, with scales and offsets in the weights", () => {
    const shape = [1, 3, 2, 2];
    const optimized = block("[1,3,2,2]");
    optimize(optimized, { verify: true });
    expect(countOperations(optimized)).toEqual({ Convolution: 2, Add: 2, HSwish: 1 });
    const input = tensorOfNumbers("f32", shape, seededNumbers(12, 9));
    expectEqualOutputs(evaluateModel(optimized, [input]), evaluateModel(block("[1,3,2,2]"), [input]), 1e-5);
    expect([...optimized.outputs[0].names]).toEqual(["last"]);
  });

  it("works the same on dynamic shapes, and changes nothing the second time", () => {
    const model = block("[?,3,?,?]");
    optimize(model, { verify: true });
    expect(countOperations(model)).toEqual({ Convolution: 2, Add: 2, HSwish: 1 });
    expect([...optimize(model, { verify: true })]).toEqual([]);
  });

  it("recognizes constants that f16 rounds", () => {
    const g = new Graph();
    const x = g.input("[8]", "f16");
    const gate = g.apply(Clamp, [g.apply(Add, [x, constantOf("f16", [3])])], { min: 0, max: 6 });
    const model = g.model(g.apply(Multiply, [g.apply(Multiply, [x, gate]), constantOf("f16", 1 / 6)]));
    optimize(model, { verify: true });
    expect(countOperations(model)).toEqual({ HSwish: 1 });
  });

  it("keeps a computed shape reshapeable unless shapes are for granted", () => {
    const build = (): Model => {
      const g = new Graph();
      const x = g.apply(Sigmoid, [g.input("[2,3,4]")]);
      const pick = (i: number): Output => g.apply(Gather8, [g.apply(ShapeOf3, [x], { output_type: "i64" }), g.ints([i]), g.ints(0)], {});
      return g.model(g.apply(Reshape, [x, g.apply(Concat, [pick(2), pick(1), g.ints([-1])], { axis: 0 })], { special_zero: true }));
    };
    const open = build();
    optimize(open, { verify: true });
    expect(countOperations(open)).toEqual({ Sigmoid: 1, ShapeOf: 1, Gather: 2, Concat: 1, Reshape: 1 });
    const closed = build();
    optimize(closed, { verify: true, useShapes: true });
    expect(countOperations(closed)).toEqual({ Sigmoid: 1, Reshape: 1 });
  });
});
