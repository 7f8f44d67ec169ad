import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { convertModel } from "../src/convert/convert-model.ts";
import { readModelSync } from "../src/frontends/read-model.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import type { Output } from "../src/model/output.ts";
import { modelFolder, modelsPresent } from "./support/model-cases.ts";

/** Inputs and outputs as the real OpenVINO 2026.4 reads them. */
const models: Readonly<Record<string, { readonly inputs: readonly string[]; readonly outputs: readonly string[] }>> = {
  "multi_basicpitch/nmp.onnx": {
    inputs: ["serving_default_input_2:0 f32[?,43844,1]"],
    outputs: [
      "StatefulPartitionedCall:2 f32[?,172,88]",
      "StatefulPartitionedCall:1 f32[?,172,88]",
      "StatefulPartitionedCall:0 f32[?,172,264]",
    ],
  },
  "multi_blazeface/face_detection_back_256x256_barracuda.onnx": {
    inputs: ["input:0 f32[1,256,256,3]"],
    outputs: ["Identity:0 f32[1,512,1]", "Identity_1:0 f32[1,384,1]", "Identity_2:0 f32[1,512,16]", "Identity_3:0 f32[1,384,16]"],
  },
  "multi_samplenet/samplenet.onnx": { inputs: ["data f32[1,3,32,32]"], outputs: ["fc3 f32[1,10]"] },
  "multi_ultraface/version-RFB-320.onnx": {
    inputs: ["input f32[1,3,240,320]"],
    outputs: ["scores f32[1,4420,2]", "boxes f32[1,4420,4]"],
  },
  "multi_ultraface/version-RFB-320_simplified.onnx": {
    inputs: ["input f32[1,3,240,320]"],
    outputs: ["scores f32[1,4420,2]", "boxes f32[1,4420,4]"],
  },
  "onnx_detect/yunet_n_320_320.onnx": {
    inputs: ["input f32[1,3,320,320]"],
    outputs: ["cls", "obj", "bbox", "kps"].flatMap((kind, i) =>
      [1600, 400, 100].map((anchors, k) => `${kind}_${[8, 16, 32][k]} f32[1,${anchors},${[1, 1, 4, 10][i]}]`),
    ),
  },
  "onnx_ocr/ch_PP-OCRv4_det_infer.onnx": { inputs: ["x f32[?,3,?,?]"], outputs: ["sigmoid_0.tmp_0 f32[?,1,32..,32..]"] },
  "onnx_ocr/ch_PP-OCRv4_rec_infer.onnx": { inputs: ["x f32[?,3,48,?]"], outputs: ["softmax_11.tmp_0 f32[?,1..,6625]"] },
  "onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx": { inputs: ["x f32[?,3,?,?]"], outputs: ["softmax_0.tmp_0 f32[?,2]"] },
};

const port = (output: Output): string => `${output.anyName} ${output}`;

describe.skipIf(!modelsPresent)(`reading real ONNX models${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  test.each(Object.entries(models))("%s", (path, { inputs, outputs }) => {
    const model = readModelSync(join(modelFolder, path));
    expect(model.inputs.map(port)).toEqual(inputs);
    expect(model.outputs.map(port)).toEqual(outputs);
    expect(model.results.map((r) => r.friendlyName)).toEqual(model.outputs.map((o) => `${o.anyName}/sink_port_0`));
  });

  test.each(Object.keys(models))("%s becomes an IR whose layers have unique names", async (path) => {
    const { xml } = serializeModel(await convertModel(join(modelFolder, path)));
    const names = [...xml.matchAll(/<layer id="\d+" name="([^"]*)"/g)].map((match) => match[1]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});
