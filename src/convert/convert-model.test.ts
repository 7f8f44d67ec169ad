import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countOperations, expectEqualOutputs, seededNumbers } from "../../test/support/check-rewrite.ts";
import { evaluateModel } from "../../test/support/evaluate-model.ts";
import { modelFolder, modelsPresent, ocrModelFolder } from "../../test/support/model-cases.ts";
import { classifierBytes } from "../../test/support/small-network.ts";
import { readModel } from "../frontends/read-model.ts";
import { type SerializedModel, type SerializeOptions, serializeModel } from "../ir/serialize-model.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import { convertModel } from "./convert-model.ts";

const shared = (path: string): string => join(modelFolder, path);
const pixels = tensorOfNumbers(
  "f32",
  [1, 3, 32, 32],
  seededNumbers(3 * 32 * 32, 4).map((x) => Math.round((x + 2) * 63.75)),
);

describe("convertModel", () => {
  const absent = modelsPresent ? "" : " (skipped: ../shared/models is absent)";
  it.skipIf(!modelsPresent)(`preprocesses as the Model Optimizer does${absent}`, async () => {
    const options = { meanValues: "[123.675,116.28,103.53]", scaleValues: "[58.395,57.12,57.375]", reverseInputChannels: true };
    const ours = await convertModel(shared("multi_samplenet/samplenet.onnx"), options);
    const theirs = await readModel(shared("ir-openvino/mo_samplenet_onnx_pre.xml"));
    expectEqualOutputs(evaluateModel(ours, [pixels]), evaluateModel(theirs, [pixels]), 5e-3);
    expect(countOperations(ours)["Gather"]).toBeUndefined();
  });

  it("changes no numbers without options", async () => {
    const [plain, converted] = [await readModel(classifierBytes()), await convertModel(classifierBytes())];
    expectEqualOutputs(evaluateModel(converted, [pixels]), evaluateModel(plain, [pixels]), 1e-5);
    expect(converted.inputs.map((i) => i.anyName)).toEqual(plain.inputs.map((i) => i.anyName));
    expect(converted.outputs.map((o) => o.anyName)).toEqual(plain.outputs.map((o) => o.anyName));
  });

  it("checks the options before it reads", async () => {
    await expect(convertModel("missing.onnx", { scale: 0 })).rejects.toThrow(/"scale"/);
  });
});

describe("an IR that is converted again", () => {
  const x = opset.parameter("f32", "[1,3,?,?]", "x");
  const numbers = (seed: number, ...shape: readonly number[]) =>
    opset.constant(
      "f32",
      seededNumbers(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      shape,
    );
  const window = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
  const first = opset.relu(opset.add(opset.convolution(x, numbers(1, 16, 3, 3, 3), window), numbers(2, 1, 16, 1, 1)));
  const y = opset.add(opset.convolution(first, numbers(3, 8, 16, 3, 3), window), numbers(4, 1, 8, 1, 1));
  const source = serializeModel(new Model({ name: "net", parameters: [x], results: [opset.result(y, "y")] }));
  const again = async ({ xml, bin }: SerializedModel, options: SerializeOptions): Promise<SerializedModel> =>
    serializeModel(await convertModel(new TextEncoder().encode(xml), { weights: bin }), options);

  it.each([
    { compressToFp16: true },
    { compressToFp16: true, fp16Weights: "all" },
    { compressToFp16: true, fp16Weights: "mixed" },
    { compressToFp16: false },
  ] as const)("stays as it is, %o", async (options) => {
    const written = await again(source, options);
    let last = written;
    // The first is asked for in the same words, the others by default.
    for (const asked of [options, { compressToFp16: options.compressToFp16 }, { compressToFp16: options.compressToFp16 }]) {
      last = await again(last, asked);
      expect(last).toEqual(written);
    }
  });
});

/** What the OCR networks come to: no batch norm, no spelled-out activation, no scale that a weight can hold. */
const networks = [
  ["ch_PP-OCRv4_rec_infer.onnx", { HSwish: 28, Swish: 7, MVN: 5, Convolution: 24, GroupConvolution: 14, MatMul: 13, Softmax: 3 }],
  ["ch_PP-OCRv4_det_infer.onnx", { HSwish: 24, Convolution: 48, GroupConvolution: 14, ConvolutionBackpropData: 2 }],
  ["ch_ppocr_mobile_v2.0_cls_infer.onnx", { HSwish: 18, Convolution: 42, GroupConvolution: 11, Reshape: 1, Softmax: 1 }],
] as const;
const spelledOut = ["BatchNormInference", "Divide", "Clamp", "Maximum", "Minimum", "Power", "ShapeOf", "Gather", "Convert"];

describe("real networks", () => {
  it.each(networks)("%s is recognized", async (path, expected) => {
    const counts = countOperations(await convertModel(join(ocrModelFolder, path)));
    expect(counts).toMatchObject(expected);
    expect(spelledOut.filter((type) => counts[type])).toEqual([]);
  });
});
