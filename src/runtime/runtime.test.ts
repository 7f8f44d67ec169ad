import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import type { Device, Executable } from "../devices/device.ts";
import { count } from "../devices/property.ts";
import { Model } from "../model/model.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { AsyncInferQueue } from "./async-infer-queue.ts";
import { CompiledModel } from "./compiled-model.ts";
import { version } from "./version.ts";

/** A model that passes its inputs on: `data` f32[2] and `info`, i64 of any length. */
function passOn(): Model {
  const parameters = [parameter("f32", PartialShape.parse("[2]"), "data"), parameter("i64", PartialShape.parse("[?]"), "info")];
  const results = parameters.map((p, i) => result(p.outputs[0], `result${i}`));
  for (const [i, r] of results.entries()) {
    r.outputs[0].names.clear();
    r.outputs[0].names.add(`out${i}`);
  }
  return new Model({ name: "pass on", parameters, results });
}

/** A device whose inferences end when `settle` is called. */
function compiled(model = passOn()): {
  compiledModel: CompiledModel;
  settle: (() => void)[];
  /** How often requests were disposed of. */
  disposed: () => number;
  executables: () => number;
} {
  const settle: (() => void)[] = [];
  let disposed = 0;
  let executables = 0;
  const executable: Executable = {
    createRequest: () => ({
      infer: (inputs) => inputs.map((t) => new Tensor(t.elementType, t.shape, t.data.slice())),
      inferAsync: (inputs) =>
        new Promise((resolve, reject) =>
          settle.push(() => (Number(inputs[0].data[0]) < 0 ? reject(new Error("negative")) : resolve([...inputs]))),
        ),
      profile: () => [],
      dispose: () => void disposed++,
    }),
    getProperty: (name) => (name === "THREADS" ? 3 : undefined),
    dispose: () => void executables++,
  };
  const properties = { THREADS: count("threads", 1, 1), OPTIMAL_NUMBER_OF_INFER_REQUESTS: count("requests", 1, 2) };
  const device = { name: "FAKE", description: "", properties } as Partial<Device> as Device;
  return {
    compiledModel: new CompiledModel({ name: "FAKE", device, config: {} }, model, executable, {}),
    settle,
    disposed: () => disposed,
    executables: () => executables,
  };
}

const data = new Tensor("f32", [2], [1, 2]);
const info = new Tensor("i64", [3], [4, 5, 6]);

describe("CompiledModel", () => {
  const { compiledModel } = compiled();
  test("finds ports by index and by every name", () => {
    expect(compiledModel.input(1)).toBe(compiledModel.input("info"));
    expect(compiledModel.output("out1")).toBe(compiledModel.outputs[1]);
    const error = thrownBy(() => compiledModel.input("x"));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain('the model has no input "x"; expected "data" f32[2], "info" i64[?]');
    expect(thrownBy(() => compiledModel.input()).message).toContain("must be named");
  });

  test("knows the device's properties", () => {
    expect([compiledModel.getProperty("THREADS"), compiledModel.getProperty("OPTIMAL_NUMBER_OF_INFER_REQUESTS")]).toEqual([3, 2]);
    expect(compiledModel.getProperty("EXECUTION_DEVICES")).toEqual(["FAKE"]);
    expect(thrownBy(() => compiledModel.getProperty("CACHE")).message).toContain("THREADS");
  });
});

describe("InferRequest", () => {
  test("takes inputs by name, in order, as elements, and gives outputs by name", () => {
    const request = compiled().compiledModel.createInferRequest();
    const byName = request.infer({ info, data });
    expect(Object.entries(byName).map(([name, t]) => [name, [...t.data]])).toEqual([["out0", [1, 2]], ["out1", [4n, 5n, 6n]]]); // prettier-ignore
    expect([...request.infer([new Float32Array([3, 4]), info])["out0"].data]).toEqual([3, 4]);
  });

  test("keeps inputs that are not given, and has zeros for inputs of static shape", () => {
    const request = compiled().compiledModel.createInferRequest();
    (request.getInputTensor(0).data as Float32Array)[1] = 7;
    expect([...request.infer({ info })["out0"].data]).toEqual([0, 7]);
    expect([...request.infer()["out1"].data]).toEqual([4n, 5n, 6n]);
    expect(thrownBy(() => compiled().compiledModel.createInferRequest().infer({ data })).message).toContain("dynamic shape");
  });

  test("writes results to tensors that were set for outputs", () => {
    const request = compiled().compiledModel.createInferRequest();
    const target = new Tensor("f32", [2]);
    request.setTensor("out0", target);
    request.setTensor("info", info);
    expect(request.infer({ data })["out0"]).toBe(target);
    expect([...target.data]).toEqual([1, 2]);
    expect(request.getTensor("out0")).toBe(target);
    request.setOutputTensor(1, new Tensor("i64", [1]));
    expect(thrownBy(() => request.infer()).details).toMatchObject({ where: 'output "out1"', expected: "[3]", got: "[1]" });
  });

  test.each([
    ["a name that does not exist", { datum: data }, 'no input "datum"; expected "data" f32[2], "info" i64[?]'],
    ["too few inputs", [data], "wrong number of inputs; expected 2"],
    ["another element type", { data: new Tensor("f64", [2]) }, "wrong element type; expected f32[2], got f64[2]"],
    ["another length", { data: new Tensor("f32", [3]) }, "wrong shape; expected f32[2], got f32[3]"],
    ["another rank", { info: new Tensor("i64", [1, 1]) }, "wrong shape; expected i64[?], got i64[1,1]"],
    ["elements of another type", { data: new Int32Array(2) }, "expected Float32Array, got Int32Array"],
    ["too many elements", { data: new Float32Array(3) }, "expected 2 elements, got 3"],
    ["elements for a dynamic shape", { info: new BigInt64Array(3) }, "Give a Tensor"],
    ["something else", { data: "1,2" as never }, 'this is no tensor; expected a Tensor or a typed array, got "1,2"'],
    ["a tensor in place of a list", data as never, "in an object by name, or in a list"],
  ])("refuses %s", (_, inputs, message) => {
    const error = thrownBy(() => compiled().compiledModel.createInferRequest().infer(inputs));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(message);
  });

  test("runs one inference at a time", async () => {
    const { compiledModel, settle } = compiled();
    const request = compiledModel.createInferRequest();
    const first = request.inferAsync([data, info]);
    await expect(request.inferAsync([data, info])).rejects.toThrow("the request is busy");
    settle[0]();
    expect(Object.keys(await first)).toEqual(["out0", "out1"]);
    expect(request.getOutputTensor(0).data).toEqual(data.data);
  });
});

describe("dispose", () => {
  test("of a request waits for its inference", async () => {
    const { compiledModel, settle, disposed } = compiled();
    const request = compiledModel.createInferRequest();
    const running = request.inferAsync([data, info]);
    request.dispose();
    request.dispose();
    expect(disposed()).toBe(0);
    for (const use of [() => request.infer([data, info]), () => request.getInputTensor(0)])
      expect(thrownBy(use).message).toContain("the request has been disposed of");
    settle[0]();
    expect(Object.keys(await running)).toEqual(["out0", "out1"]);
    expect(disposed()).toBe(1);
    expect([...request.getOutputTensor(0).data]).toEqual([1, 2]);
  });

  test("of a compiled model waits for all inferences, and lets no others start", async () => {
    const { compiledModel, settle, executables } = compiled();
    const [a, b, idle] = Array.from({ length: 3 }, () => compiledModel.createInferRequest());
    const running = [a.inferAsync([data, info]), b.inferAsync([new Tensor("f32", [2], [-1, 0]), info])];
    const ends = Promise.allSettled(running);
    compiledModel.dispose();
    for (const use of [() => compiledModel.createInferRequest(), () => idle.infer([data, info])])
      expect(thrownBy(use).message).toContain("the compiled model has been disposed of");
    settle[0]();
    await running[0];
    expect(executables()).toBe(0);
    settle[1]();
    expect((await ends).map((e) => e.status)).toEqual(["fulfilled", "rejected"]);
    expect(executables()).toBe(1);
    compiledModel.dispose();
    expect(executables()).toBe(1);
  });
});

describe("AsyncInferQueue", () => {
  const turn = (): Promise<void> => new Promise((resume) => setTimeout(resume));

  test("runs as many at a time as it has jobs, and passes user data on", async () => {
    const { compiledModel, settle } = compiled();
    const queue = new AsyncInferQueue<string>(compiledModel);
    expect(queue.jobs).toBe(2);
    const seen: string[] = [];
    queue.setCallback((error, request, name) => seen.push(`${name} ${error} ${request.getOutputTensor(0).data[0]}`));
    const all = ["a", "b", "c"].map((name, i) => queue.startAsync([new Tensor("f32", [2], [i, i]), info], name));
    await turn();
    expect([settle.length, queue.isReady()]).toEqual([2, false]);
    settle[0]();
    await turn();
    settle[2]();
    settle[1]();
    expect(await Promise.all(all)).toEqual(["a", "b", "c"]);
    expect(seen.toSorted()).toEqual(["a null 0", "b null 1", "c null 2"]);
    expect(queue.isReady()).toBe(true);
  });

  test("errors go to the callback, or reject without one", async () => {
    const { compiledModel, settle } = compiled();
    const queue = new AsyncInferQueue<number>(compiledModel, 1);
    const bad = [new Tensor("f32", [2], [-1, 0]), info];
    const rejected = queue.startAsync(bad, 1);
    await turn();
    settle[0]();
    await expect(rejected).rejects.toThrow("negative");
    const errors: unknown[] = [];
    queue.setCallback((error) => errors.push(error?.message));
    const told = queue.startAsync(bad, 2);
    await turn();
    settle[1]();
    expect([await told, errors]).toEqual([2, ["negative"]]);
    await queue.startAsync({ nothing: data }, 3);
    expect(errors[1]).toContain('no input "nothing"');
  });

  test("a released queue frees its requests and starts nothing more", async () => {
    const { compiledModel, settle, disposed } = compiled();
    const queue = new AsyncInferQueue(compiledModel, 1);
    const running = queue.startAsync([data, info]);
    const waiting = queue.startAsync([data, info]);
    await turn();
    queue.release();
    await expect(waiting).rejects.toThrow("released");
    settle[0]();
    await running;
    expect(disposed()).toBe(1);
    await expect(queue.startAsync([data, info])).rejects.toThrow("released");
    expect(() => new AsyncInferQueue(compiledModel, 0)).toThrow("from 1 to 4096");
  });
});

test("the version is that of package.json", () => {
  expect(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))).toMatchObject({ version });
});
