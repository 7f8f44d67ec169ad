import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { convertModel, Core, saveModel, type Tensor } from "../../src/index.ts";
import { readNpz, writeNpz } from "../../src/formats/npy/npz.ts";
import { fp16Models, fp16Tolerance } from "../support/fp16-errors.ts";
import { modelCases, rangeError } from "../support/model-cases.ts";
import { quantizedCases, quantizedPieces } from "../support/quantized-models.ts";
import { runModel } from "../support/run-model.ts";
import { missing, oracleFolder, oraclePython } from "./oracle-python.ts";

describe.skipIf(missing)(`the real OpenVINO runs vintner's IR${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-interop-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const weights of ["FP32", "FP16"] as const)
    it.each(modelCases(fp16Models))(`$name, weights ${weights}`, async ({ name: caseName, path, inputs, outputs, arrays }) => {
      const given = arrays();
      const xml = join(folder, "model.xml");
      await saveModel(await convertModel(path), xml, { compressToFp16: weights === "FP16" });
      // By name: OpenVINO's inputs must have those of the source.
      const tensors = inputs.map(({ key }) => given.get(key) as Tensor);
      writeFileSync(join(folder, "in.npz"), writeNpz(new Map(tensors.map((t, i) => [inputs[i]?.name ?? "", t]))));

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
        const tolerance = weights === "FP16" ? fp16Tolerance(caseName, name) : 1e-4;
        expect(rangeError(theirs, given.get(key) as Tensor), `${name}: OpenVINO and the source's framework`).toBeLessThanOrEqual(tolerance);
      }
    });

  // Whole networks differ by steps of their quantization, see test/quantized.test.ts.
  it.each(quantizedCases)("$name, piece by piece between FakeQuantizes", async (quantized) => {
    const { pieces, given } = quantizedPieces(quantized);
    const xml = join(folder, "pieces.xml");
    await saveModel(pieces, xml, { compressToFp16: false });
    writeFileSync(join(folder, "in.npz"), writeNpz(given.map((tensor, i) => [`input_${i}`, tensor])));
    const files = [xml, join(folder, "in.npz"), join(folder, "out.npz")];
    execFileSync(oraclePython as string, [join(oracleFolder, "run_ir.py"), ...files], { stdio: ["ignore", "pipe", "pipe"] });
    const openvino = readNpz(readFileSync(join(folder, "out.npz")));
    for (const device of ["REFERENCE", "CPU"])
      for (const [i, got] of runModel(pieces, device, given).entries())
        expect(rangeError(got, openvino.get(`output_${i}`) as Tensor), `output ${i} on ${device}`).toBeLessThanOrEqual(1e-5);
  });
});
