import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { convertModel, Core, saveModel, type Tensor } from "../../src/index.ts";
import { readNpz } from "../../src/formats/npy/npz.ts";
import { writeNpz } from "../../src/formats/npy/npz.ts";
import { modelCases, modelsPresent, rangeError } from "../support/model-cases.ts";

const root = resolve(import.meta.dirname, "../..");
const oracle = resolve(root, "../shared/oracle");
const candidates = [
  process.env["ORACLE_PYTHON_PATH"],
  process.env["ORACLE_VENV"] && join(process.env["ORACLE_VENV"], "bin/python"),
  join(root, ".oracle/bin/python"),
];
const python = candidates.find((p): p is string => p !== undefined && p !== "" && existsSync(p));
const missing =
  python === undefined ? "the real OpenVINO is not installed, see shared/oracle/setup.sh" : modelsPresent ? undefined : "no shared models";

const models = [
  "onnx_ocr/ch_PP-OCRv4_det_infer.onnx",
  "onnx_ocr/ch_PP-OCRv4_rec_infer.onnx",
  "onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx",
  "onnx_detect/yunet_n_320_320.onnx",
  "multi_ultraface/version-RFB-320.onnx",
  "multi_ultraface/version-RFB-320_simplified.onnx",
  "multi_blazeface/face_detection_back_256x256_barracuda.onnx",
  "multi_samplenet/samplenet.onnx",
  "multi_basicpitch/nmp.onnx",
  "ir-openvino/mo_ultraface_caffe.xml",
];

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

      const printed = execFileSync(python as string, [join(oracle, "run_ir.py"), xml, join(folder, "in.npz"), join(folder, "out.npz")], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
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
