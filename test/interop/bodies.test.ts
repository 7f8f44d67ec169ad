import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../src/formats/npy/npz.ts";
import { convertModel, type Model, readModelSync, saveModel, Tensor } from "../../src/index.ts";
import {
  accumulator,
  apply,
  branches,
  growingLoop,
  input,
  modelOf,
  runningSum,
  scaledLoop,
} from "../../src/ops/control-flow/bodies.fixture.ts";
import { Add } from "../../src/ops/elementwise/add.ts";
import { constant } from "../../src/ops/infrastructure/constant.ts";
import { modelCases, modelFolder, rangeError } from "../support/model-cases.ts";
import { runModel } from "../support/run-model.ts";
import { missing, oracleFolder, oraclePython } from "./oracle-python.ts";

/** Small models with bodies and state, and what goes into them. */
const models: Readonly<Record<string, () => { readonly model: Model; readonly given: readonly Tensor[] }>> = {
  "If, its condition an input": () => {
    const [c, x] = [input("c", "[]", "boolean"), input("x", "[2,3]")];
    const node = branches(
      c,
      [x],
      ([p]) => [apply(Add, [p, p])],
      ([p]) => [apply(Add, [p, constant("f32", [1, 2, 3])])],
    );
    return { model: modelOf([c, x], node.outputs), given: [new Tensor("boolean", [], [0]), new Tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6])] };
  },
  "Loop with a condition, concatenated": () => {
    const [x, k] = [input("x", "[1,2]"), input("k", "[2]")];
    const node = scaledLoop(constant("i64", 10), constant("boolean", 1), x, k, 4);
    return { model: modelOf([x, k], node.outputs), given: [new Tensor("f32", [1, 2], [1, 2]), new Tensor("f32", [2], [2, 3])] };
  },
  "Loop with a state that grows": () => {
    const [x, y] = [input("x", "[1,2]"), input("y", "[3,2]")];
    const node = growingLoop(constant("i64", 3), x, y);
    return {
      model: modelOf([x, y], node.outputs),
      given: [new Tensor("f32", [1, 2], [1, 2]), new Tensor("f32", [3, 2], [3, 4, 5, 6, 7, 8])],
    };
  },
  ...Object.fromEntries(
    [false, true].map((backwards) => [
      `TensorIterator ${backwards ? "backwards" : "forwards"}`,
      () => {
        const [x, h] = [input("x", "[2,3]"), input("h", "[2,1]")];
        return {
          model: modelOf([x, h], runningSum(x, h, backwards).outputs),
          given: [new Tensor("f32", [2, 3], [1, 2, 3, 10, 20, 30]), new Tensor("f32", [2, 1], [100, 1000])],
        };
      },
    ]),
  ),
  "ReadValue and Assign": () => ({ model: accumulator(), given: [new Tensor("f32", [2], [1, 2])] }),
};

describe.skipIf(missing)(`the real OpenVINO runs bodies that vintner writes${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-bodies-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function openvino(model: Model, given: readonly Tensor[], names?: readonly string[]): Promise<Tensor[]> {
    const file = (name: string): string => join(folder, name);
    await saveModel(model, file("model.xml"), { compressToFp16: false });
    writeFileSync(file("in.npz"), writeNpz(new Map(given.map((tensor, i) => [names?.[i] ?? `input_${i}`, tensor]))));
    const files = [file("model.xml"), file("in.npz"), file("out.npz")];
    execFileSync(oraclePython as string, [join(oracleFolder, "run_ir.py"), ...files], { stdio: ["ignore", "pipe", "pipe"] });
    const results = readNpz(readFileSync(file("out.npz")));
    return model.outputs.map((_, i) => results.get(`output_${i}`) as Tensor);
  }

  it.each(Object.entries(models))("%s", async (_, make) => {
    const { model, given } = make();
    const theirs = await openvino(model, given);
    for (const device of ["REFERENCE", "CPU"])
      for (const [i, own] of runModel(model, device, given).entries()) expect(rangeError(own, theirs[i]), device).toBeLessThanOrEqual(1e-6);
  });

  it("Silero VAD at 16 kHz, and the IR of it that OpenVINO made", async () => {
    const frozen = await convertModel(join(modelFolder, "onnx_speech/silero_vad_v5.onnx"), {
      input: "input[1,512],state[2,1,128],sr->16000",
    });
    const [onnx] = modelCases(["onnx_speech/silero_vad_v5.onnx"]);
    const [ir] = modelCases(["ir-openvino/ovc_silero_vad_v5_16k.xml"]);
    for (const [model, { inputs, outputs, arrays }] of [
      [frozen, onnx],
      [readModelSync(ir.path), ir],
    ] as const) {
      const values = arrays();
      const given = inputs.slice(0, 2).map(({ key }) => values.get(key) as Tensor);
      const theirs = await openvino(model, given, ["input", "state"]);
      for (const [i, { key, name }] of outputs.entries())
        expect(rangeError(theirs[i], values.get(key) as Tensor), name).toBeLessThanOrEqual(1e-4);
    }
  });

  it.each(modelCases(["onnx_speech/byte_sb_bidi_lstm/model.onnx"]))("$name", async ({ path, inputs, outputs, arrays }) => {
    const values = arrays();
    const given = inputs.map(({ key }) => values.get(key) as Tensor);
    const theirs = await openvino(await convertModel(path), given);
    for (const [i, { key, name }] of outputs.entries())
      expect(rangeError(theirs[i], values.get(key) as Tensor), name).toBeLessThanOrEqual(1e-4);
  });
});
