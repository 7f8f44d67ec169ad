import { describe, expect, test } from "vitest";
import { readModelSync } from "../src/frontends/read-model.ts";
import type { Config } from "../src/devices/property.ts";
import type { Model } from "../src/model/model.ts";
import { availableTargets } from "../src/devices/cpu/target-selection.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
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

// The interpreter takes minutes for a whole network; it runs every kernel's own tests.
const targets: readonly Target[] = [
  { name: "REFERENCE", device: "REFERENCE", config: {} },
  ...availableTargets()
    .filter((target) => target !== "interpreter")
    .map((target) => ({ name: `CPU, ${target}`, device: "CPU", config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: 2 } })),
];

interface Variant {
  readonly name: string;
  readonly prepare: (model: Model) => Model;
  /** The largest difference from the reference engine, as a share of an output's range. */
  readonly tolerance: number;
}

function optimized(model: Model): Model {
  optimize(model);
  return model;
}

/** Writes a model as IR with FP16 weights and reads it again. */
function throughFp16(model: Model): Model {
  const { xml, bin } = serializeModel(optimized(model), { compressToFp16: true });
  return readModelSync({ name: "model.xml", bytes: new TextEncoder().encode(xml), files: { "model.bin": bin } });
}

const variants: readonly Variant[] = [
  { name: "as read", prepare: (model) => model, tolerance: 1e-4 },
  { name: "optimized", prepare: optimized, tolerance: 1e-4 },
  { name: "as IR with FP16 weights", prepare: throughFp16, tolerance: 5e-3 },
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

for (const target of targets)
  describe.skipIf(!modelsPresent)(`real models on ${target.name}${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
    for (const variant of variants)
      test.each(modelCases(models))(`$name, ${variant.name}`, ({ path, inputs, outputs, arrays }) => {
        const network = variant.prepare(readModelSync(path));
        const compiled = new Core().compileModelSync(network, target.device, target.config);
        try {
          const expected = arrays();
          const given = Object.fromEntries(inputs.map(({ name, key }) => [name, expected.get(key) as Tensor]));
          const got = compiled.createInferRequest().infer(given);
          const errors = outputs.map(({ name, key }) => ({ name, error: rangeError(got[name], expected.get(key) as Tensor) }));
          expect(errors.filter(({ error }) => error > variant.tolerance)).toEqual([]);
        } finally {
          compiled.dispose();
        }
      });
  });
