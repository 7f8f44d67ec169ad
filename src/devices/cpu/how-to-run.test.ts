import { describe, expect, it } from "vitest";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { type ElementType, elementTypes } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { howToRun } from "./how-to-run.ts";

const parameter = (type: ElementType, shape: string = "[2,4,6,6]"): Node => opset.parameter(type, PartialShape.parse(shape), "x");
const axes = opset.constant("i64", [1]);
const order = opset.constant("i64", [0, 2, 3, 1]);

describe("how an operation runs", () => {
  it.each([
    ["elementwise", opset.add(parameter("i16"), opset.constant("i16", 3))],
    ["elementwise", opset.convert(parameter("u8"), { destination_type: "f16" })],
    ["lowering", opset.transpose(parameter("f64"), order)],
    ["lowering", opset.convert(parameter("i64"), { destination_type: "u8" })],
    ["lowering", opset.reduceMax(parameter("u8"), axes, { keep_dims: false })],
    ["parts", opset.pRelu(parameter("f32"), opset.constant("f32", 0.1))],
    ["parts", opset.depthToSpace(parameter("u8"), { block_size: 2, mode: "depth_first" })],
    ["parts", opset.normalizeL2(parameter("f32"), axes, { eps: 1e-6, eps_mode: "add" })],
    ["host", opset.add(parameter("i64"), opset.constant("i64", 3))],
    ["host", opset.divide(parameter("i32"), opset.constant("i32", 3))],
    ["host", opset.add(parameter("f64"), parameter("f64"))],
    ["open", opset.add(parameter("f32", "[?,4]"), parameter("f32", "[?,4]"))],
    ["none", opset.transpose(parameter("u4"), order)],
    ["none", opset.convert(parameter("f8e4m3"), { destination_type: "f32" })],
    ["lowering", opset.transpose(parameter("f8e4m3"), order)],
  ] as const)("%s: %s", (kind, node) => {
    expect(howToRun(node).kind).toBe(kind);
  });
});

const types = (Object.keys(elementTypes) as ElementType[]).filter((t) => t !== "dynamic" && t !== "string");

it.each(types)("a query says of %s what compilation then does", (type) => {
  const x = parameter(type);
  const results = [opset.transpose(x, order), opset.convert(x, { destination_type: "f32" }), opset.concat([x, x], { axis: 1 })];
  const core = new Core();
  for (const [i, node] of results.entries()) {
    const model = new Model({ name: "query", parameters: [x], results: [opset.result(node, `y${i}`)] });
    const isSupported = core.queryModel(model, "CPU")[node.friendlyName] === "CPU";
    const infer = (): unknown => {
      const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: "interpreter" });
      return compiled.createInferRequest().infer([new Tensor(type, [2, 4, 6, 6])]);
    };
    if (isSupported) expect(infer).not.toThrow();
    else expect(infer).toThrow(expect.objectContaining({ code: "UNSUPPORTED_OPERATION" }));
  }
});
