import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { Model } from "../../model/model.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { defineOp } from "../../ops/define-op.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { constant } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { NonZero3 } from "../../ops/movement/non-zero.ts";
import { outputSpec } from "../../ops/output-spec.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { resolveConfig } from "../property.ts";
import { findDevice } from "../registry.ts";
import type { SyncRequest } from "../device.ts";
import { referenceDevice } from "./reference-device.ts";

const input = (shape: string, name = "x"): Output => parameter("f32", PartialShape.parse(shape), name).outputs[0];
const model = (parameters: readonly Output[], ...outputs: readonly Output[]): Model =>
  new Model({ name: "test", parameters: parameters.map((p) => p.node), results: outputs.map((o, i) => result(o, `result${i}`)) });
const compile = (made: Model, config: Record<string, boolean> = {}): SyncRequest =>
  referenceDevice.compile(made, resolveConfig("REFERENCE", referenceDevice.properties, config)).createRequest();
const f32 = (...values: readonly number[]): Tensor => new Tensor("f32", [values.length], values);
const numbers = (tensors: readonly Tensor[]): number[][] => tensors.map((t) => Array.from(t.data as Float32Array));

const unknownOp = defineOp({
  type: "Unknown",
  since: "opset1",
  attributes: {},
  inputs: 1,
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
});
const doubled = defineOp({ ...unknownOp, type: "Doubled", decompose: ({ inputs: [x] }) => node(Add, [x, x]).outputs });
const quadrupled = defineOp({ ...unknownOp, type: "Quadrupled", decompose: ({ inputs: [x] }) => [apply(doubled, apply(doubled, x))] });
const undoable = defineOp({ ...unknownOp, type: "Undoable", decompose: ({ inputs: [x] }) => [apply(unknownOp, apply(Relu, x))] });
const liar = defineOp({ ...unknownOp, type: "Liar", evaluate: () => [new Tensor("f32", [7])] });
const apply = (op: OperationDefinition, x: Output): Output => node(op, [x]).outputs[0];

describe("REFERENCE", () => {
  test("is registered", () => expect(findDevice("reference")).toBe(referenceDevice));

  test("runs operations in order and gives all results", async () => {
    const x = input("[3]");
    const sum = node(Add, [x, constant("f32", [1, 1, 1])]).outputs[0];
    const request = compile(model([x], apply(Relu, sum), sum));
    const expected = [
      [0, 1, 3],
      [-1, 1, 3],
    ];
    expect(numbers(request.infer([f32(-2, 0, 2)]))).toEqual(expected);
    expect(numbers(await request.inferAsync([f32(-2, 0, 2)]))).toEqual(expected);
  });

  test("infers shapes anew for each set of input shapes", () => {
    const [x, y] = [input("[?]"), input("[1..4]", "y")];
    const request = compile(model([x, y], node(Concat, [x, y], { axis: 0 }).outputs[0]));
    expect(numbers(request.infer([f32(1), f32(2, 3)]))).toEqual([[1, 2, 3]]);
    expect(numbers(request.infer([f32(1, 2, 3), f32(4)]))).toEqual([[1, 2, 3, 4]]);
    expect(numbers(request.infer([f32(5), f32(6, 7)]))).toEqual([[5, 6, 7]]);
  });

  test("runs operations whose output shape depends on data", () => {
    const x = input("[4]");
    const request = compile(model([x], node(NonZero3, [x], { output_type: "i32" }).outputs[0]));
    expect(numbers(request.infer([f32(0, 5, 0, 6)]))).toEqual([[1, 3]]);
    expect(request.infer([f32(0, 0, 0, 0)])[0].shape).toEqual([1, 0]);
  });

  test("runs composite operations as their parts, also nested", () => {
    const x = input("[2]");
    const request = compile(model([x], apply(Relu, apply(quadrupled, x)), apply(doubled, x)));
    expect(numbers(request.infer([f32(-1, 2)]))).toEqual([
      [0, 8],
      [-2, 4],
    ]);
  });

  test("gives results of their own: not inputs, constants or one memory twice", () => {
    const x = input("[2]");
    const relu = apply(Relu, x);
    const kept = constant("f32", [1, 2]);
    const given = f32(3, 4);
    const results = compile(model([x], x, kept, relu, relu)).infer([given]);
    const buffers = new Set([given, kept.constant as Tensor, ...results].map((t) => t.data.buffer));
    expect(buffers.size).toBe(6);
    expect(numbers(results)).toEqual([
      [3, 4],
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
  });

  test("leaves the event loop free", async () => {
    const x = input("[200000]");
    let y = x;
    for (let i = 0; i < 30; i++) y = apply(Relu, y);
    const request = compile(model([x], y));
    let turns = 0;
    let running = true;
    const spin = (): void => {
      turns++;
      if (running) setImmediate(spin);
    };
    setImmediate(spin);
    await request.inferAsync([new Tensor("f32", [200000])]);
    running = false;
    expect(turns).toBeGreaterThan(0);
  });

  test("measures each operation when asked", () => {
    const x = input("[2]");
    const relu = apply(Relu, x);
    relu.node.friendlyName = "relu";
    const plain = compile(model([x], relu));
    plain.infer([f32(1, 2)]);
    expect(plain.profile()).toEqual([]);
    const measured = compile(model([x], relu), { PERF_COUNT: true });
    measured.infer([f32(1, 2)]);
    expect(measured.profile()).toMatchObject([{ name: "relu", type: "Relu", implementation: "evaluate" }]);
    expect(measured.profile()[0].microseconds).toBeGreaterThan(0);
  });

  test("does not run after it was disposed of", async () => {
    const x = input("[2]");
    const executable = referenceDevice.compile(model([x], apply(Relu, x)), {});
    const request = executable.createRequest();
    executable.dispose();
    expect(() => request.infer([f32(1, 2)])).toThrow(VintnerError);
    await expect(request.inferAsync([f32(1, 2)])).rejects.toThrow("has been disposed of");
  });

  test("says of each operation whether it runs it, and lists all that it does not", () => {
    const x = input("[2]");
    const [a, b, c] = [apply(unknownOp, x), apply(undoable, x), apply(quadrupled, x)];
    const made = model([x], a, b, c);
    const answers = [...referenceDevice.query(made)].map(([{ type }, { supported, reason }]) => [type, supported, reason]);
    expect(answers).toEqual([
      ["Unknown", false, "Unknown of opset1 has no evaluation"],
      ["Undoable", false, "its part Unknown of opset1 has no evaluation"],
      ["Quadrupled", true, "as Doubled"],
    ]);
    const failed = (): unknown => compile(made);
    expect(failed).toThrow(VintnerError);
    expect(failed).toThrow(/2 operations.*Unknown ".*; Undoable "/);
  });

  test("notices results that are not what was inferred", () => {
    const x = input("[2]");
    expect(() => compile(model([x], apply(liar, x))).infer([f32(1, 2)])).toThrow(/gave f32\[7\] where f32\[2\] was inferred/);
  });
});
