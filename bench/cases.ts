import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** A network to time: an ONNX file, and the shape of its only input. */
export interface BenchCase {
  readonly name: string;
  readonly model: string;
  readonly input: string;
  readonly shape: readonly number[];
  /** Counts in the geometric mean that the issue asks for. */
  readonly counted: boolean;
}

export const shared: string = resolve(import.meta.dirname, "../../shared");
const model = (name: string): string => resolve(shared, "models", name);
const topology = (name: string): string => resolve(shared, "bench", name);

const all: readonly BenchCase[] = [
  {
    name: "PP-OCRv4 detection 640x640",
    model: model("onnx_ocr/ch_PP-OCRv4_det_infer.onnx"),
    input: "x",
    shape: [1, 3, 640, 640],
    counted: true,
  },
  {
    name: "PP-OCRv4 angle 48x192",
    model: model("onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
    input: "x",
    shape: [1, 3, 48, 192],
    counted: true,
  },
  {
    name: "PP-OCRv4 recognition 48x320",
    model: model("onnx_ocr/ch_PP-OCRv4_rec_infer.onnx"),
    input: "x",
    shape: [1, 3, 48, 320],
    counted: true,
  },
  { name: "YuNet 320", model: model("onnx_detect/yunet_n_320_320.onnx"), input: "input", shape: [1, 3, 320, 320], counted: true },
  {
    name: "UltraFace RFB-320",
    model: model("multi_ultraface/version-RFB-320.onnx"),
    input: "input",
    shape: [1, 3, 240, 320],
    counted: true,
  },
  {
    name: "BlazeFace back 256",
    model: model("multi_blazeface/face_detection_back_256x256_barracuda.onnx"),
    input: "input:0",
    shape: [1, 256, 256, 3],
    counted: true,
  },
  { name: "conv3x3-64-56", model: topology("conv3x3-64-56.onnx"), input: "input", shape: [1, 64, 56, 56], counted: false },
  { name: "conv1x1-256-28", model: topology("conv1x1-256-28.onnx"), input: "input", shape: [1, 256, 28, 28], counted: false },
];

/** The cases whose files are there and whose names contain the filter. */
export const casesMatching = (filter: string | undefined): BenchCase[] =>
  all.filter((c) => existsSync(c.model) && (filter === undefined || c.name.toLowerCase().includes(filter.toLowerCase())));
