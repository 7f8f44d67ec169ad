import { describe, expect, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
import { serializeModel } from "../ir/serialize-model.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Core } from "./core.ts";

function scaled(): Model {
  const x = opset.parameter("f32", "[?,2]", "x");
  return new Model({
    name: "scaled",
    parameters: [x],
    results: [opset.result(opset.multiply(x, opset.constant("f32", [2, 3])), "y")],
  });
}
const x = new Tensor("f32", [2, 2], [1, 2, 3, 4]);

describe("Core", () => {
  test("compiles a copy of a model: changes to the model afterwards do not reach it", async () => {
    const core = new Core();
    const model = scaled();
    const compiled = await core.compileModel(model, "REFERENCE");
    model.inputs[0].names.clear();
    model.setFriendlyName("other");
    expect([...core.compileModelSync(model, "reference").createInferRequest().infer([x])["y"].data]).toEqual([2, 6, 6, 12]);
    expect([...(await compiled.createInferRequest().inferAsync({ x }))["y"].data]).toEqual([2, 6, 6, 12]);
  });

  test("keeps properties for the models compiled from then on", async () => {
    const core = new Core();
    core.setProperty("REFERENCE", { PERF_COUNT: "YES" });
    expect(core.getProperty("REFERENCE", "PERF_COUNT")).toBe(true);
    const request = core.compileModelSync(scaled(), "REFERENCE").createInferRequest();
    request.infer([x]);
    expect(request.getProfilingInfo().map(({ type }) => type)).toEqual(["Multiply"]);
    core.setProperty({ PERF_COUNT: false });
    expect(core.compileModelSync(scaled(), "REFERENCE").getProperty("PERF_COUNT")).toBe(false);
    expect(core.getProperty("REFERENCE", "SUPPORTED_PROPERTIES")).toContain("FULL_DEVICE_NAME");
  });

  test("reads an IR from its text and a tensor", async () => {
    const core = new Core();
    const { xml, bin } = serializeModel(scaled(), { compressToFp16: false });
    const model = await core.readModel(xml, new Tensor("u8", [bin.length], bin));
    expect([...core.compileModelSync(model, "REFERENCE").createInferRequest().infer([x])["y"].data]).toEqual([2, 6, 6, 12]);
  });

  test("lists devices, their versions and what they support", () => {
    const core = new Core();
    expect(core.getAvailableDevices()).toContain("REFERENCE");
    expect(Object.keys(core.getVersions("REFERENCE"))).toEqual(["REFERENCE"]);
    expect(Object.values(core.queryModel(scaled(), "REFERENCE"))).toEqual(["REFERENCE"]);
  });

  test.each([
    ["a device", (core: Core) => core.compileModelSync(scaled(), "NPU"), "DEVICE", "REFERENCE"],
    ["a property", (core: Core) => core.setProperty("REFERENCE", { PERF: true }), "INVALID_ARGUMENT", "PERF_COUNT"],
    ["a property anywhere", (core: Core) => core.setProperty({ PERF: true }), "INVALID_ARGUMENT", "PERF"],
    ["a value", (core: Core) => core.compileModelSync(scaled(), "REFERENCE", { PERF_COUNT: "maybe" }), "INVALID_ARGUMENT", "true or false"],
    ["a read-only value", (core: Core) => core.setProperty("REFERENCE", { DEVICE_TYPE: "x" }), "INVALID_ARGUMENT", "cannot be set"],
    ["a property to read", (core: Core) => core.getProperty("REFERENCE", "PERF"), "INVALID_ARGUMENT", "DEVICE_TYPE"],
    ["bytes of no model", (core: Core) => core.readModelSync(new Uint8Array([1, 2, 3])), "FORMAT", "model"],
    ["no model at all", (core: Core) => core.readModelSync(undefined as never), "INVALID_ARGUMENT", "path"],
    ["a file", (core: Core) => core.compileModelSync("absent.onnx"), "FILE_NOT_FOUND", "absent.onnx"],
  ])("says what is wrong with %s", (_, run, code, text) => {
    try {
      run(new Core());
    } catch (error) {
      expect(error).toBeInstanceOf(VintnerError);
      expect([(error as VintnerError).code, (error as VintnerError).message]).toEqual([code, expect.stringContaining(text)]);
      return;
    }
    throw new Error("nothing failed");
  });
});
