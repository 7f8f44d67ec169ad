import { expect, expectTypeOf, test } from "vitest";
import { VintnerError } from "./common/errors.ts";
import { Model } from "./model/model.ts";
import type { Node } from "./model/node.ts";
import { camelCase } from "./ops/builder.ts";
import { allOperations } from "./ops/registry.ts";
import { type Body, opset } from "./opset.ts";
import { Tensor } from "./tensor/tensor.ts";

test("a convolution with its attributes", () => {
  const x = opset.parameter("f32", [1, 3, 8, 8], "x");
  const weights = new Tensor("f32", [4, 3, 3, 3]);
  const convolution = opset.convolution(x, weights, { strides: [2, 2], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] });
  const y = opset.relu(convolution);
  const model = new Model({ name: "net", parameters: [x], results: [opset.result(y, "y")] });
  expect(model.toString()).toBe("net(x: f32[1,3,8,8]) -> y: f32[1,4,4,4]");
});

test("lists of inputs, several outputs, constants of numbers", () => {
  const x = opset.parameter("f32", "[?,4]", "x");
  const joined = opset.concat([x, opset.constant("f32", [1, 2, 3, 4], [1, 4])], { axis: 0 });
  expect(joined.outputs[0].toString()).toBe("f32[1..,4]");
  const parts = opset.split(x, opset.constant("i64", 1), { num_splits: 2 });
  expect(opset.add(parts.outputs[0], parts.outputs[1]).outputs[0].toString()).toBe("f32[?,2]");
  expect(() => opset.relu(parts)).toThrow(VintnerError);
});

test("operations with bodies take models with port maps", () => {
  const [x, on] = [opset.parameter("f32", [2], "x"), opset.parameter("boolean", [], "on")];
  const body = (make: (p: Node) => Node): Body => {
    const p = opset.parameter("f32", [2], "p");
    const model = new Model({ name: "body", parameters: [p], results: [opset.result(make(p))] });
    return { model, inputs: [{ kind: "invariant", parameter: 0, input: 1 }], outputs: [{ kind: "last", result: 0, output: 0 }] };
  };
  const branch = opset.if(
    on,
    [x],
    body((p) => opset.relu(p)),
    body((p) => opset.concat([p, p], { axis: 0 })),
  );
  expect(branch.outputs[0].toString()).toBe("f32[2..4]");
  const { model } = body((p) => opset.abs(p));
  const repeated = opset.loop(opset.constant("i64", 3), opset.constant("boolean", 1), [x], {
    model,
    inputs: [{ kind: "merged", parameter: 0, input: 2, result: 0 }],
    outputs: [{ kind: "last", result: 0, output: 0 }],
  });
  expect(repeated.outputs[0].toString()).toBe("f32[2]");
  const slices = { axis: 0, start: 0, end: -1, stride: 1, partSize: 1 } as const;
  const each = opset.tensorIterator([x], {
    model: body((p) => opset.abs(p)).model,
    inputs: [{ kind: "sliced", parameter: 0, input: 0, ...slices }],
    outputs: [{ kind: "concatenated", result: 0, output: 0, ...slices }],
  });
  expect(each.outputs[0].toString()).toBe("f32[2]");
  expect(() => opset.loop(x, on, [x], { model, inputs: [], outputs: [] })).toThrow(VintnerError);
});

test("what the operation does not accept is a typed error", () => {
  const x = opset.parameter("f32", [2, 3], "x");
  expect(() => opset.matMul(x, x, {})).toThrow(VintnerError);
});

test("types follow from the definitions", () => {
  expectTypeOf(opset.relu).returns.toEqualTypeOf<Node>();
  expectTypeOf(opset.gather).parameter(3).toExtend<{ readonly batch_dims?: number } | undefined>();
  const x = opset.parameter("f32", [2, 3], "x");
  // @ts-expect-error an attribute that does not exist
  expect(() => opset.matMul(x, x, { transposed: true })).toThrow("unknown attribute");
  // @ts-expect-error a value that is not allowed
  expect(() => opset.add(x, x, { auto_broadcast: "sometimes" })).toThrow("unknown value");
  // @ts-expect-error an input is missing
  expect(() => opset.add(x)).toThrow("number of inputs");
});

test("every operation has a builder named in camel case", () => {
  expect(["HSwish", "LSTMCell", "MVN", "NormalizeL2", "MatMul", "I420toRGB"].map(camelCase)).toEqual([
    "hSwish",
    "lstmCell",
    "mvn",
    "normalizeL2",
    "matMul",
    "i420toRGB",
  ]);
  for (const op of allOperations()) expect(opset).toHaveProperty(camelCase(op.type));
  expectTypeOf(opset).toHaveProperty("softmax");
  expectTypeOf(opset).toHaveProperty("groupConvolution");
});
