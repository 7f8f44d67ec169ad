import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { irFrontend } from "../src/frontends/ir/ir-frontend.ts";
import { readModelSync } from "../src/frontends/read-model.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import { Core } from "../src/runtime/core.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { modelCases, modelFolder, modelsPresent, rangeError } from "./support/model-cases.ts";

/** IRs of real toolkits whose operations exist. Their weights are rounded already, so the source IR is the reference. */
const models = [
  "multi_samplenet/SampLeNet.xml",
  "ir/landmarks-regression-retail-0009/FP32/landmarks-regression-retail-0009.xml",
  "ir/landmarks-regression-retail-0009/FP16/landmarks-regression-retail-0009.xml",
  "ir/landmarks-regression-retail-0009/FP16-INT8/landmarks-regression-retail-0009.xml",
  "ir/head-pose-estimation-adas-0001/FP16/head-pose-estimation-adas-0001.xml",
  "ir/open-closed-eye-0001/FP32/open-closed-eye-0001.xml",
  "ir/face-detection-adas-0001/FP16/face-detection-adas-0001.xml",
  "ir-openvino/ovc_ocr_cls.xml",
  "ir-openvino/ovc_ultraface_rfb320.xml",
  "ir-openvino/ovc_kws_savedmodel.xml",
  "ir-openvino/ovc_blazeface_tflite.xml",
  "ir-openvino/mo_mtcnn_det2_caffe.xml",
  "ir-openvino/mo_mtcnn_det2_mxnet.xml",
  "ir-openvino/mo_ultraface_caffe.xml",
  "ir-openvino/mo_samplenet_onnx_pre.xml",
  "ir-openvino/mo_samplenet_mxnet_pre.xml",
  "ir-openvino/mo_samplenet_caffe_pre.xml",
];

/** One step of a FakeQuantize, which a last bit before it may decide, shows in the outputs of INT8 networks. */
const toleranceOf = (path: string): number => (path.includes("INT8") ? 5e-3 : 1e-4);

/** Operations that come later: reading says which. */
const unsupported = {
  "ir-openvino/ovc_silero_vad_v5_16k.xml": /If of opset8/,
  "ir-openvino/ovc_tf_lstm.xml": /RandomUniform of opset8/,
  "ir-openvino/mo_kaldi_lstm_12-3-6.xml": /ReadValue of opset6.*Assign of opset6/,
  "ir-openvino/mo_kaldi_ngaffine_12x5.xml": /ReadValue of opset6.*Assign of opset6/,
};

describe.skipIf(!modelsPresent)(`IRs of real toolkits${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  for (const device of ["REFERENCE", "CPU"])
    test.each(modelCases(models))(`$name on ${device}`, ({ path, outputs, inputs, arrays }) => {
      const compiled = new Core().compileModelSync(path, device);
      try {
        const expected = arrays();
        const got = Object.values(compiled.createInferRequest().infer(inputs.map(({ key }) => expected.get(key) as Tensor)));
        for (const [i, { name, key }] of outputs.entries())
          expect(rangeError(got[i] as Tensor, expected.get(key) as Tensor), name).toBeLessThanOrEqual(toleranceOf(path));
      } finally {
        compiled.dispose();
      }
    });

  test.each(models)("%s is written as it was read", (model) => {
    const first = serializeModel(readModelSync(join(modelFolder, model)));
    const again = irFrontend.read({
      name: basename(model),
      bytes: new TextEncoder().encode(first.xml),
      weights: first.bin,
      sideFile: () => first.bin,
    });
    const second = serializeModel(again);
    expect(second.xml).toBe(first.xml);
    expect(second.bin).toEqual(first.bin);
  });

  test.each(Object.entries(unsupported))("%s lists what is missing", (model, pattern) => {
    expect(() => readModelSync(join(modelFolder, model))).toThrow(pattern);
  });

  test("a missing .bin is named", () => {
    const bytes = readFileSync(join(modelFolder, models[0] as string));
    expect(() => readModelSync({ name: "net.xml", bytes })).toThrow(/net\.bin.*needs a file beside it/s);
  });
});
