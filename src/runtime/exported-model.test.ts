import { describe, expect, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { accumulator, growingLoop, input, modelOf } from "../ops/control-flow/bodies.fixture.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Core } from "./core.ts";

/** A convolution with weights, its batch open. */
function network(): Model {
  const x = opset.parameter("f32", "[?,2,5,5]", "x");
  const weights = opset.constant(
    "f32",
    Float32Array.from({ length: 3 * 2 * 9 }, (_, i) => ((i * 7) % 11) / 11 - 0.5),
    [3, 2, 3, 3],
  );
  const y = opset.convolution(x, weights, { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] });
  const model = new Model({ name: "net", parameters: [x], results: [opset.result(opset.relu(y), "y")] });
  model.inputs[0].names.add("image");
  return model;
}
const picture = new Tensor(
  "f32",
  [2, 2, 5, 5],
  Float32Array.from({ length: 100 }, (_, i) => Math.sin(i)),
);

describe.each(["CPU", "REFERENCE", "CPU.0"])("a model exported from %s", (device) => {
  const core = new Core();
  const compiled = core.compileModelSync(network(), device, { PERF_COUNT: true });
  const expected = compiled.createInferRequest().infer([picture])["y"];
  const bytes = compiled.exportModelSync();

  test.each(["importModel", "importModelSync"] as const)("gives the same by %s", async (method) => {
    const again = await core[method](bytes.slice());
    expect(again.inputs.map(String)).toEqual(compiled.inputs.map(String));
    expect(again.input("image").partialShape.toString()).toBe("[?,2,5,5]");
    const got = again.createInferRequest().infer({ image: picture })["y"];
    expect(got.shape).toEqual(expected.shape);
    expect([...got.data]).toEqual([...expected.data]);
  });

  test("keeps its properties, which may be set anew", async () => {
    expect((await core.importModel(bytes, device)).getProperty("PERF_COUNT")).toBe(true);
    expect(core.importModelSync(bytes, device, { PERF_COUNT: false }).getProperty("PERF_COUNT")).toBe(false);
  });

  test("may lie anywhere in a buffer", async () => {
    const around = new Uint8Array(bytes.length + 3);
    around.set(bytes, 3);
    expect([...core.importModelSync(around.subarray(3)).createInferRequest().infer([picture])["y"].data]).toEqual([...expected.data]);
    expect([...(await compiled.exportModel())]).toEqual([...bytes]);
  });
});

describe("what is no exported model", () => {
  const core = new Core();
  const bytes = core.compileModelSync(network(), "CPU").exportModelSync();
  const codeOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return error instanceof VintnerError ? error.code : `untyped ${String(error)}`;
    }
    return "nothing failed";
  };

  test("is refused", () => {
    const changed = (at: number): Uint8Array => {
      const copy = bytes.slice();
      copy[at] ^= 1;
      return copy;
    };
    for (let at = 0; at < bytes.length; at += at < 300 ? 1 : 97)
      // Spaces behind the header mean nothing.
      if (bytes[at] !== 0 || at < 12)
        expect([at, codeOf(() => core.importModelSync(changed(at)))]).toEqual([
          at,
          expect.stringMatching(/^(FORMAT|INVALID_ARGUMENT|DEVICE)$/),
        ]);
    for (const length of [0, 5, 11, 12, 100, bytes.length - 1])
      expect(codeOf(() => core.importModelSync(bytes.slice(0, length)))).toBe("FORMAT");
    for (const other of [null, undefined, "text", 5, []])
      expect(codeOf(() => core.importModelSync(other as never))).toBe("INVALID_ARGUMENT");
  });

  test("is one of another device's", () => expect(codeOf(() => core.importModelSync(bytes, "REFERENCE"))).toBe("INVALID_ARGUMENT"));

  test("is one of another version's", () => {
    const text = new TextDecoder("latin1").decode(bytes);
    const at = text.indexOf('"version":"') + 11;
    const other = bytes.slice();
    other[at] = "9".charCodeAt(0);
    expect(codeOf(() => core.importModelSync(other))).toBe("FORMAT");
  });

  test("is not made of a model that was disposed of", () => {
    const compiled = core.compileModelSync(network(), "CPU");
    compiled.dispose();
    expect(codeOf(() => compiled.exportModelSync())).toBe("INVALID_ARGUMENT");
  });
});

describe("models with bodies and variables", () => {
  const core = new Core();
  const roundTrip = (model: Model) => core.importModelSync(core.compileModelSync(model, "CPU").exportModelSync());

  test("keep their state", () => {
    const request = roundTrip(accumulator()).createInferRequest();
    const fresh = core.compileModelSync(accumulator(), "CPU").createInferRequest();
    const inputs = request
      .getCompiledModel()
      .inputs.map((i) => new Tensor("f32", i.shape, new Float32Array(i.shape.reduce((n, d) => n * d, 1)).fill(2)));
    for (let i = 0; i < 3; i++)
      expect(Object.values(request.infer(inputs)).map((t) => [...t.data])).toEqual(
        Object.values(fresh.infer(inputs)).map((t) => [...t.data]),
      );
  });

  test("keep their loops", () => {
    const made = (): Model => {
      const [trips, x, y] = [input("trips", "[]", "i64"), input("x", "[2]"), input("y", "[2]")];
      return modelOf([trips, x, y], growingLoop(trips, x, y).outputs);
    };
    const inputs = [new Tensor("i64", [], new BigInt64Array([3n])), new Tensor("f32", [2], [1, 2]), new Tensor("f32", [2], [3, -4])];
    const results = [roundTrip(made()), core.compileModelSync(made(), "REFERENCE")].map((compiled) =>
      Object.values(compiled.createInferRequest().infer(inputs)).map((t) => [t.shape, [...t.data]]),
    );
    expect(results[0]).toEqual(results[1]);
  });
});
