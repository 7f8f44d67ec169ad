import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { modelsPresent } from "../support/model-cases.ts";

const root = resolve(import.meta.dirname, "../..");
const candidates = [
  process.env["ORACLE_PYTHON_PATH"],
  process.env["ORACLE_VENV"] && join(process.env["ORACLE_VENV"], "bin/python"),
  join(root, ".oracle/bin/python"),
];

/** The Python that has the real OpenVINO, as ../shared/oracle/setup.sh makes it. */
export const oraclePython = candidates.find((p): p is string => p !== undefined && p !== "" && existsSync(p));
/** Scripts that run it. */
export const oracleFolder = resolve(root, "../shared/oracle");
/** Why nothing can be compared, if so. */
export const missing =
  oraclePython === undefined
    ? "the real OpenVINO is not installed, see shared/oracle/setup.sh"
    : modelsPresent
      ? undefined
      : "no shared models";

/** The networks that must work in both, by their paths in the models' folder. */
export const onnxModels = [
  "onnx_ocr/ch_PP-OCRv4_det_infer.onnx",
  "onnx_ocr/ch_PP-OCRv4_rec_infer.onnx",
  "onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx",
  "onnx_detect/yunet_n_320_320.onnx",
  "multi_ultraface/version-RFB-320.onnx",
  "multi_ultraface/version-RFB-320_simplified.onnx",
  "multi_blazeface/face_detection_back_256x256_barracuda.onnx",
  "multi_samplenet/samplenet.onnx",
  "multi_basicpitch/nmp.onnx",
];
