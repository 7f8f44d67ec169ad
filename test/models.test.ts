import { describe, expect, test } from "vitest";
import { readModelSync } from "../src/frontends/read-model.ts";
import type { Config } from "../src/devices/property.ts";
import type { Model } from "../src/model/model.ts";
import { Core } from "../src/runtime/core.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { optimize } from "../src/transformations/pipeline.ts";
import { modelCases, modelsPresent, rangeError } from "./support/model-cases.ts";

/** What runs the models. */
interface Target {
  readonly name: string;
  readonly device: string;
  readonly config: Config;
}

const targets: readonly Target[] = [{ name: "REFERENCE", device: "REFERENCE", config: {} }];

const variants: readonly { readonly name: string; readonly prepare: (model: Model) => void }[] = [
  { name: "as read", prepare: () => undefined },
  { name: "optimized", prepare: (model) => optimize(model) },
];

const models = [
  "multi_basicpitch/nmp.onnx",
  "multi_blazeface/face_detection_back_256x256_barracuda.onnx",
  "multi_samplenet/samplenet.onnx",
  "multi_ultraface/version-RFB-320.onnx",
  "multi_ultraface/version-RFB-320_simplified.onnx",
  "onnx_detect/yunet_n_320_320.onnx",
  "onnx_ocr/ch_PP-OCRv4_det_infer.onnx",
  "onnx_ocr/ch_PP-OCRv4_rec_infer.onnx",
  "onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx",
];

/** The largest difference from the reference engine, as a share of an output's range. */
const tolerance = 1e-4;

for (const target of targets)
  describe.skipIf(!modelsPresent)(`real models on ${target.name}${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
    for (const variant of variants)
      test.each(modelCases(models))(`$name, ${variant.name}`, ({ path, inputs, outputs, arrays }) => {
        const model = readModelSync(path);
        variant.prepare(model);
        const compiled = new Core().compileModelSync(model, target.device, target.config);
        try {
          const expected = arrays();
          const given = Object.fromEntries(inputs.map(({ name, key }) => [name, expected.get(key) as Tensor]));
          const got = compiled.createInferRequest().infer(given);
          const errors = outputs.map(({ name, key }) => ({ name, error: rangeError(got[name], expected.get(key) as Tensor) }));
          expect(errors.filter(({ error }) => error > tolerance)).toEqual([]);
        } finally {
          compiled.dispose();
        }
      });
  });
