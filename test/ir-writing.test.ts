import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readModelSync } from "../src/frontends/read-model.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import { comparableIr } from "./support/comparable-ir.ts";
import { modelFolder, modelsPresent } from "./support/model-cases.ts";

/** Written by OpenVINO 2026.4.1: what is read from them must be written as it was. */
const models = [
  "ovc_blazeface_tflite",
  "ovc_kws_savedmodel",
  "ovc_ocr_cls",
  "ovc_resnet8_int8_tflite",
  "ovc_ultraface_rfb320",
  "nncf_kws_int8",
  "nncf_ocr_det_int8",
  "nncf_ultraface_int8",
];

describe.skipIf(!modelsPresent)(`IR as OpenVINO writes it${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  test.each(models)("%s", (name) => {
    const path = join(modelFolder, `ir-openvino/${name}.xml`);
    const { xml } = serializeModel(readModelSync(path));
    expect(comparableIr(xml)).toEqual(comparableIr(readFileSync(path, "utf8")));
  });
});
