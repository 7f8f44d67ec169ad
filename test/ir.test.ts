import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { shapeSize } from "../src/common/shape.ts";
import { irFrontend } from "../src/frontends/ir/ir-frontend.ts";
import { filesInMemory } from "../src/frontends/model-files.ts";
import { readModelSync } from "../src/frontends/read-model.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import { verifyModel } from "../src/model/verify.ts";
import { Core } from "../src/runtime/core.ts";
import { Tensor } from "../src/tensor/tensor.ts";
import { modelCases, modelFolder, modelsPresent, rangeError } from "./support/model-cases.ts";

/** IRs of real toolkits whose operations exist. Their weights are rounded already, so the source IR is the reference. */
const models = [
  "multi_samplenet/SampLeNet.xml",
  "ir/landmarks-regression-retail-0009/FP32/landmarks-regression-retail-0009.xml",
  "ir/landmarks-regression-retail-0009/FP16/landmarks-regression-retail-0009.xml",
  "ir/head-pose-estimation-adas-0001/FP16/head-pose-estimation-adas-0001.xml",
  "ir/open-closed-eye-0001/FP32/open-closed-eye-0001.xml",
  "ir/face-detection-adas-0001/FP16/face-detection-adas-0001.xml",
  "ir-openvino/ovc_ocr_cls.xml",
  "ir-openvino/ovc_ultraface_rfb320.xml",
  "ir-openvino/ovc_kws_savedmodel.xml",
  "ir-openvino/ovc_blazeface_tflite.xml",
  "ir-openvino/ovc_resnet8_int8_tflite.xml",
  "ir-openvino/nncf_kws_int8.xml",
  "ir-openvino/mo_mtcnn_det2_caffe.xml",
  "ir-openvino/mo_mtcnn_det2_mxnet.xml",
  "ir-openvino/mo_ultraface_caffe.xml",
  "ir-openvino/mo_samplenet_onnx_pre.xml",
  "ir-openvino/mo_samplenet_mxnet_pre.xml",
  "ir-openvino/mo_samplenet_caffe_pre.xml",
  "ir-openvino/ovc_silero_vad_v5_16k.xml",
];

/** Compared in test/quantized.test.ts. */
const quantized = [
  "ir/landmarks-regression-retail-0009/FP16-INT8/landmarks-regression-retail-0009.xml",
  "ir-openvino/nncf_ultraface_int8.xml",
  "ir-openvino/nncf_ocr_det_int8.xml",
];

/** Run frame by frame, as the manifest's `sequence` says; the last two keep variables from one to the next. */
const frameByFrame = [
  "ir-openvino/mo_kaldi_ngaffine_40x10.xml",
  "ir-openvino/mo_kaldi_ngaffine_12x5.xml",
  "ir-openvino/mo_kaldi_lstm_12-3-6.xml",
];

/** Operations that come later: reading says which. */
const unsupported = {
  "ir-openvino/ovc_tf_lstm.xml": /RandomUniform of opset8/,
};

/** One step along the first axis. */
function frameOf({ elementType, shape, data }: Tensor, index: number): Tensor {
  const frame = shape.slice(1);
  const size = shapeSize(frame);
  return new Tensor(elementType, frame, data.slice(index * size, (index + 1) * size));
}

describe.skipIf(!modelsPresent)(`IRs of real toolkits${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  for (const device of ["REFERENCE", "CPU"])
    test.each(modelCases(models))(`$name on ${device}`, ({ path, outputs, inputs, arrays }) => {
      const compiled = new Core().compileModelSync(path, device);
      try {
        const expected = arrays();
        const got = Object.values(compiled.createInferRequest().infer(inputs.map(({ key }) => expected.get(key) as Tensor)));
        for (const [i, { name, key }] of outputs.entries())
          expect(rangeError(got[i] as Tensor, expected.get(key) as Tensor), name).toBeLessThanOrEqual(1e-4);
      } finally {
        compiled.dispose();
      }
    });

  for (const device of ["REFERENCE", "CPU"])
    test.each(modelCases(frameByFrame))(`$name, frame by frame on ${device}`, ({ path, outputs, inputs, arrays }) => {
      const compiled = new Core().compileModelSync(path, device);
      try {
        const [frames, expected] = [inputs[0], outputs[0]].map((port) => arrays().get(port?.key ?? "") as Tensor);
        const request = compiled.createInferRequest();
        const steps = Array.from(
          { length: frames?.shape[0] ?? 0 },
          (_, i) => Object.values(request.infer([frameOf(frames as Tensor, i)]))[0],
        );
        expect(steps.length).toBeGreaterThanOrEqual(15);
        for (const [i, step] of steps.entries())
          expect(rangeError(step as Tensor, frameOf(expected as Tensor, i))).toBeLessThanOrEqual(1e-4);
      } finally {
        compiled.dispose();
      }
    });

  test.each([...models, ...quantized, ...frameByFrame])("%s is written as it was read", (model) => {
    const first = serializeModel(readModelSync(join(modelFolder, model)));
    const again = irFrontend.read(filesInMemory({ name: basename(model), main: new TextEncoder().encode(first.xml), weights: first.bin }));
    const second = serializeModel(again);
    expect(second.xml).toBe(first.xml);
    expect(Buffer.compare(second.bin, first.bin)).toBe(0);
  });

  test.each([...models, ...quantized, ...frameByFrame])("%s is a valid model, its tensor names unique", (model) => {
    verifyModel(readModelSync(join(modelFolder, model)));
  });

  test.each(Object.entries(unsupported))("%s lists what is missing", (model, pattern) => {
    expect(() => readModelSync(join(modelFolder, model))).toThrow(pattern);
  });

  test("a missing .bin is named", () => {
    const bytes = readFileSync(join(modelFolder, models[0] as string));
    expect(() => readModelSync({ name: "net.xml", bytes })).toThrow(/net\.bin.*needs a file beside it/s);
  });
});
