import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { convertModel, Core, saveModel, type Tensor } from "../../src/index.ts";
import { readNpz, writeNpz } from "../../src/formats/npy/npz.ts";
import { modelCases, rangeError } from "../support/model-cases.ts";
import { missing, onnxModels, oracleFolder, oraclePython } from "./oracle-python.ts";

const models = [...onnxModels, "ir-openvino/mo_ultraface_caffe.xml"];

describe.skipIf(missing)(`the real OpenVINO runs vintner's IR${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-interop-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const compressToFp16 of [false, true])
    it.each(modelCases(models))(`$name, weights ${compressToFp16 ? "FP16" : "FP32"}`, async ({ path, inputs, outputs, arrays }) => {
      const given = arrays();
      const xml = join(folder, "model.xml");
      await saveModel(await convertModel(path), xml, { compressToFp16 });
      const tensors = inputs.map(({ key }) => given.get(key) as Tensor);
      writeFileSync(join(folder, "in.npz"), writeNpz(new Map(tensors.map((t, i) => [`input_${i}`, t]))));

      const printed = execFileSync(
        oraclePython as string,
        [join(oracleFolder, "run_ir.py"), xml, join(folder, "in.npz"), join(folder, "out.npz")],
        {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      const openvino = readNpz(readFileSync(join(folder, "out.npz")));

      const compiled = await new Core().compileModel(xml, "CPU");
      const own = Object.values(compiled.createInferRequest().infer(tensors));
      compiled.dispose();
      // Names are printed as they stand in OpenVINO's ports.
      const names = printed
        .split("\n")
        .filter((line) => line.startsWith("output_"))
        .map((line) => (line.split(" ")[1] ?? "").split("|"));
      for (const [i, { name, key }] of outputs.entries()) {
        const theirs = openvino.get(`output_${i}`) as Tensor;
        expect(names[i]).toContain(name);
        expect(rangeError(own[i] as Tensor, theirs), `${name}: vintner and OpenVINO on one IR`).toBeLessThanOrEqual(1e-4);
        if (!compressToFp16)
          expect(rangeError(theirs, given.get(key) as Tensor), `${name}: OpenVINO and the source's framework`).toBeLessThanOrEqual(
            path.endsWith(".onnx") ? 1e-4 : 5e-3,
          );
      }
    });
});
