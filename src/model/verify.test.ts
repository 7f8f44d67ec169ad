import { expect, test } from "vitest";
import { opset } from "../opset.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Model, type ModelParts } from "./model.ts";
import { Node } from "./node.ts";
import { Output } from "./output.ts";
import { verifyModel } from "./verify.ts";

function parts() {
  const x = opset.parameter("f32", "[?,4]", "x");
  const sum = opset.add(x, opset.constant("f32", [1, 2, 3, 4]));
  const y = opset.result(sum, "y");
  return { x, sum, y };
}
const model = (parameters: readonly Node[], results: readonly Node[], more: Partial<ModelParts> = {}): Model =>
  new Model({ name: "net", parameters, results, ...more });

test("accepts a sound model and leaves it alone", () => {
  const { x, y } = parts();
  expect(() => verifyModel(model([x], [y]))).not.toThrow();
});

test("a cycle", () => {
  const { x, sum, y } = parts();
  const next = opset.relu(sum);
  sum.setInput(0, next.outputs[0]);
  y.setInput(0, next.outputs[0]);
  expect(() => verifyModel(model([x], [y]))).toThrow(/cycle/);
});

test("borders of the wrong kind, listed twice or not at all", () => {
  const { x, sum, y } = parts();
  expect(() => verifyModel(model([], [y]))).toThrow(/Parameter "x" of model "net": a Parameter is read that is no input/);
  expect(() => verifyModel(model([x, x], [y]))).toThrow(/input is listed twice/);
  expect(() => verifyModel(model([x], [y, y]))).toThrow(/output is listed twice/);
  expect(() => verifyModel(model([sum], [y]))).toThrow(/input must be a Parameter/);
  expect(() => verifyModel(model([x], [sum]))).toThrow(/output must be a Result/);
  expect(() => verifyModel(model([x], [y], { sinks: [sum] }))).toThrow(/writes state/);
});

test("an output that a node does not have, and a Result that is read", () => {
  const { x, sum, y } = parts();
  y.setInput(0, new Output(sum, 0, "f32", PartialShape.parse("[?,4]")));
  expect(() => verifyModel(model([x], [y]))).toThrow(/input 0 is no output of its node/);
  const third = parts();
  expect(() => verifyModel(model([third.x], [opset.result(opset.relu(third.y), "z")]))).toThrow(/reads a Result/);
});

test("types and shapes that inference does not give; they stay as they are", () => {
  const { x, sum, y } = parts();
  sum.outputs[0].partialShape = new PartialShape([2, 4]);
  expect(() => verifyModel(model([x], [y]))).toThrow(/output 0 is not what inference gives; expected f32\[\?,4\], got f32\[2,4\]/);
  expect(String(sum.outputs[0])).toBe("f32[2,4]");
});

test("data that a Constant's attributes do not describe, or that something else has", () => {
  const { x, y } = parts();
  const { constant, op } = opset.constant("f32", [1, 2]);
  const wrong = new Node(op, [], { element_type: "f32", shape: [3] }, { ...(constant && { constant }) });
  expect(() => verifyModel(model([x], [y, opset.result(wrong, "z")]))).toThrow(/expected f32\[3\], got f32\[2\]/);
  const bare = new Node(op, [], { element_type: "f32", shape: [3] });
  expect(() => verifyModel(model([x], [y, opset.result(bare, "z")]))).toThrow(/a Constant has data/);
});

test("a tensor name that is given twice, also at one node", () => {
  const { x, sum, y } = parts();
  sum.outputs[0].names.add("x");
  expect(() => verifyModel(model([x], [y]))).toThrow(/the tensor name "x" is given twice, also by Parameter "x"/);
  const data = opset.parameter("f32", "[2,4]", "data");
  const split = opset.split(data, opset.constant("i64", 0), { num_splits: 2 });
  for (const output of split.outputs) output.names.add("half");
  expect(() => verifyModel(model([data], [opset.result(split.outputs[0], "a")]))).toThrow(/"half" is given twice/);
});
