import { describe, expect, test } from "vitest";
import { ConstantPool } from "../src/devices/cpu/constant-pool.ts";
import { lower } from "../src/devices/cpu/lower.ts";
import { InterpreterEngine } from "../src/kernel/interpreter-engine.ts";
import { type TargetName, targets } from "../src/kernel/targets.fixture.ts";
import { verifyKernel } from "../src/kernel/verify-kernel.ts";
import { reshapeModel } from "../src/model/reshape.ts";
import { readModelSync } from "../src/frontends/read-model.ts";
import { PartialShape } from "../src/tensor/partial-shape.ts";
import { optimize } from "../src/transformations/pipeline.ts";
import { modelCases, modelsPresent } from "./support/model-cases.ts";

const models = [
  "multi_basicpitch/nmp.onnx",
  "multi_blazeface/face_detection_back_256x256_barracuda.onnx",
  "multi_ultraface/version-RFB-320.onnx",
  "onnx_detect/yunet_n_320_320.onnx",
  "onnx_ocr/ch_PP-OCRv4_det_infer.onnx",
  "onnx_ocr/ch_PP-OCRv4_rec_infer.onnx",
  "onnx_ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx",
];
const machines: readonly TargetName[] = ["x64-avx512", "x64-avx2", "wasm-simd"];

// Emitted code does no checks of its own: every access of every kernel must be proven, for machines that are not this one too.
describe.skipIf(!modelsPresent)(
  `every kernel of the real networks stays inside its buffers${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`,
  () => {
    for (const machine of machines)
      test.each(modelCases(models))(`$name for ${machine}`, ({ path, inputs }) => {
        const model = reshapeModel(readModelSync(path), new Map(inputs.map((i, at) => [at, new PartialShape(i.shape)])));
        optimize(model, { useShapes: true, foldDecompression: true });
        const { steps } = lower(model, targets[machine], 2, new ConstantPool(new InterpreterEngine()));
        const kernels = new Map(steps.flatMap((s) => (s.kind === "kernel" ? [[s.kernel.key, s.kernel] as const] : [])));
        expect(kernels.size).toBeGreaterThan(0);
        for (const kernel of kernels.values()) verifyKernel(kernel, targets[machine]);
      });
  },
);
