import { describe, expect, test } from "vitest";
import { opset } from "../opset.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { cloneModel } from "./clone.ts";
import { Model } from "./model.ts";
import { printModel } from "./print-model.ts";
import { reshapeModel } from "./reshape.ts";
import { replaceOutput } from "./rewire.ts";
import { verifyModel } from "./verify.ts";

function network() {
  const x = opset.parameter("f32", "[1,3,8,8]", "image");
  x.rtInfo.set("old_api_map_element_type", { version: "0", value: "f16" });
  x.outputs[0].rtInfo.set("layout", { version: "0", layout: "[N,C,H,W]" });
  const weights = opset.constant(
    "f32",
    Array.from({ length: 6 }, (_, i) => i),
    [2, 3, 1, 1],
  );
  const convolution = opset.convolution(x, weights, { strides: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] });
  convolution.friendlyName = "conv";
  convolution.outputs[0].names.add("features");
  const model = new Model({ name: "net", parameters: [x], results: [opset.result(convolution, "y")] });
  model.rtInfo.set("MO_version", "1");
  return { x, weights, convolution, model };
}

describe("cloneModel", () => {
  test("makes new nodes with the same text, names, information and data", () => {
    const { model, weights } = network();
    const clone = cloneModel(model);
    expect(printModel(clone)).toBe(printModel(model));
    expect(clone.rtInfo).toEqual(model.rtInfo);
    expect(clone.parameters[0]?.rtInfo).toEqual(model.parameters[0]?.rtInfo);
    expect(clone.inputs[0]?.rtInfo).toEqual(model.inputs[0]?.rtInfo);
    const nodes = new Set(model.nodes());
    expect(clone.nodes().filter((n) => nodes.has(n))).toEqual([]);
    expect(clone.nodes().find((n) => n.constant)?.constant).toBe(weights.constant);
    verifyModel(clone);
  });
});

describe("reshapeModel", () => {
  test("infers a copy anew, by name and by index; the model stays as it is", () => {
    const { model } = network();
    const before = printModel(model);
    for (const key of ["image", 0]) {
      const reshaped = reshapeModel(model, new Map([[key, PartialShape.parse("[?,3,16,1..9]")]]));
      expect(reshaped.output("features").toString()).toBe("f32[?,2,16,1..9]");
      expect(reshaped.inputs[0]?.rtInfo.has("layout")).toBe(true);
      expect(reshaped.parameters[0]?.rtInfo.has("old_api_map_element_type")).toBe(true);
      verifyModel(reshaped);
    }
    expect(printModel(model)).toBe(before);
  });

  test("names an input that does not exist, two shapes for one, and the node that does not accept a shape", () => {
    const { model } = network();
    const shape = (text: string): PartialShape => PartialShape.parse(text);
    const code = (entries: readonly (readonly [string | number, PartialShape])[]): unknown => {
      try {
        reshapeModel(model, new Map(entries));
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(code([["photo", shape("[1,3,8,8]")]])).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining('"photo"') });
    const twice = [
      ["image", shape("[1,3,8,8]")],
      [0, shape("[2,3,8,8]")],
    ] as const;
    expect(code(twice)).toMatchObject({ code: "INVALID_ARGUMENT", details: { got: "[1,3,8,8] and [2,3,8,8]" } });
    expect(code([["image", shape("[1,4,8,8]")]])).toMatchObject({ code: "INVALID_MODEL", message: expect.stringContaining('"conv"') });
  });
});

describe("replaceOutput", () => {
  test("turns every reader to the new output, except what the new output is made of", () => {
    const { model, convolution } = network();
    const relu = opset.relu(convolution);
    replaceOutput(model, convolution.outputs[0], relu.outputs[0]);
    model.validate();
    expect(model.results[0]?.inputs[0]).toBe(relu.outputs[0]);
    expect(relu.inputs[0]).toBe(convolution.outputs[0]);
    expect([...convolution.outputs[0].names]).toContain("features");
    verifyModel(model);
  });
});
