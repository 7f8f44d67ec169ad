import { describe, expect, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
import { availableTargets } from "../devices/cpu/target-selection.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { Tensor } from "../tensor/tensor.ts";
import { AsyncInferQueue } from "./async-infer-queue.ts";
import { Core } from "./core.ts";
import type { InferRequest } from "./infer-request.ts";

function relu(): Model {
  const x = opset.parameter("f32", [4], "x");
  return new Model({ name: "m", parameters: [x], results: [opset.result(opset.relu(x), "y")] });
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof VintnerError ? error.code : `untyped ${String(error)}`;
  }
  return "nothing failed";
};

const detach = (buffer: ArrayBuffer): void => void structuredClone(buffer, { transfer: [buffer] });
/** Arrays on memory that can be resized: newer than the library that TypeScript is told of. */
const resizable = (bytes: number): ArrayBuffer & { resize(bytes: number): void } =>
  Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 1 << 20 }]) as ArrayBuffer & { resize(bytes: number): void };

/** Ways in which a tensor's memory goes away. */
const losses: readonly (readonly [string, () => { tensor: Tensor; lose: () => void }])[] = [
  [
    "detached",
    () => {
      const array = new Float32Array([1, 2, 3, 4]);
      return { tensor: new Tensor("f32", [4], array), lose: () => detach(array.buffer) };
    },
  ],
  ...[0, 4, 64].map(
    (bytes) =>
      [
        `resized to ${bytes} bytes`,
        () => {
          const buffer = resizable(16);
          return { tensor: new Tensor("f32", [4], new Float32Array(buffer)), lose: () => buffer.resize(bytes) };
        },
      ] as const,
  ),
];

const devices = [["REFERENCE", {}] as const, ...availableTargets().map((target) => ["CPU", { CPU_TARGET: target }] as const)];

describe.each(devices)("memory that is lost, on %s %j", (device, config) => {
  const request = (): InferRequest => new Core().compileModelSync(relu(), device, config).createInferRequest();

  test.each(losses)("is no input: %s", async (_, make) => {
    const q = request();
    q.infer([new Tensor("f32", [4], [9, 8, 7, 6])]);
    const { tensor, lose } = make();
    q.setInputTensor(tensor);
    expect([...q.infer()["y"].data]).toEqual([...tensor.data]);
    lose();
    expect(codeOf(() => q.infer())).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => q.infer([tensor]))).toBe("INVALID_ARGUMENT");
    await expect(q.inferAsync({ x: tensor })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect([...q.infer([new Float32Array([1, -1, 2, -2])])["y"].data]).toEqual([1, 0, 2, 0]);
  });

  test.each(losses)("is no output: %s", (_, make) => {
    const q = request();
    const { tensor, lose } = make();
    q.setOutputTensor(tensor);
    q.infer([new Float32Array([1, -1, 2, -2])]);
    expect([...tensor.data]).toEqual([1, 0, 2, 0]);
    lose();
    expect(codeOf(() => q.infer([new Float32Array(4)]))).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => q.setOutputTensor(tensor))).toBe("INVALID_ARGUMENT");
  });
});

describe("tensors", () => {
  test("do not change but in their elements", () => {
    const t = new Tensor("f32", [4], [1, 2, 3, 4]) as unknown as { shape: number[]; data: unknown };
    expect(() => (t.shape[0] = 1e6)).toThrow(TypeError);
    expect(() => (t.shape.length = 0)).toThrow(TypeError);
    expect(() => (t.data = new Float32Array(1e6))).toThrow(TypeError);
  });

  test("of classes that inherit are taken as they are when they are given", () => {
    let reads = 0;
    class Changing extends Tensor {}
    const tensor = new Changing("f32", [4]);
    Object.defineProperty(tensor, "shape", { get: () => (reads++ > 2 ? [1e9] : [4]) });
    Object.defineProperty(tensor, "data", { get: () => new Float32Array(1e5) });
    const q = new Core().compileModelSync(relu(), "CPU").createInferRequest();
    expect(codeOf(() => q.infer([tensor]))).toBe("INVALID_ARGUMENT");
  });
});

const core = new Core();
const cpu = (config: Record<string, unknown>) => core.compileModelSync(relu(), "CPU", config as never);
test.each<readonly [string, string, () => unknown]>([
  ["a device of null", "DEVICE", () => core.compileModelSync(relu(), null as never)],
  ["a device of a number", "DEVICE", () => core.compileModelSync(relu(), 5 as never)],
  ["a device of Object's", "DEVICE", () => core.compileModelSync(relu(), "__proto__")],
  ["properties of null", "INVALID_ARGUMENT", () => core.compileModelSync(relu(), "CPU", null as never)],
  ["properties in a list", "INVALID_ARGUMENT", () => core.compileModelSync(relu(), "CPU", [] as never)],
  ["properties of null for all", "INVALID_ARGUMENT", () => core.setProperty(null as never)],
  ["a query of null", "INVALID_ARGUMENT", () => core.queryModel(null as never, "CPU")],
  ["a queue on null", "INVALID_ARGUMENT", () => new AsyncInferQueue(null as never)],
  ["a queue of many jobs", "INVALID_ARGUMENT", () => new AsyncInferQueue(core.compileModelSync(relu()), 1e9)],
  ["a queue of null jobs", "INVALID_ARGUMENT", () => new AsyncInferQueue(core.compileModelSync(relu()), null as never)],
  ...[0, -1, 1.5, Number.NaN, 257, 1000, 100_000, 1e9, 2 ** 31, 2 ** 53, "0x10", "", " ", null, true].map(
    (threads) => [`threads: ${String(threads)}`, "INVALID_ARGUMENT", () => cpu({ INFERENCE_NUM_THREADS: threads })] as const,
  ),
  ...[0, -1, 1e9, "MANY"].map(
    (streams) => [`streams: ${String(streams)}`, "INVALID_ARGUMENT", () => cpu({ NUM_STREAMS: streams })] as const,
  ),
  ["an unknown type", "INVALID_ARGUMENT", () => new Tensor("f99" as never, [1])],
  ["a type of Object's", "INVALID_ARGUMENT", () => new Tensor("__proto__" as never, [1])],
  ["a type that is none", "INVALID_ARGUMENT", () => new Tensor("dynamic", [4])],
  ["no shape", "INVALID_ARGUMENT", () => new Tensor("f32", undefined as never)],
  ["a shape of text", "INVALID_ARGUMENT", () => new Tensor("f32", "1234" as never)],
  ["data of null", "INVALID_ARGUMENT", () => new Tensor("f32", [4], null as never)],
  ["a model of nothing", "INVALID_ARGUMENT", () => new Model(undefined as never)],
  ["a model without results", "INVALID_ARGUMENT", () => new Model({ name: "m", parameters: [] } as never)],
  ["a huge shape", "OUT_OF_MEMORY", () => new Tensor("f32", [2 ** 40])],
])("says what is wrong with %s", (_, code, run) => expect(codeOf(run)).toBe(code));
