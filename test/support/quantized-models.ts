import { readModelSync } from "../../src/frontends/read-model.ts";
import type { Model } from "../../src/model/model.ts";
import { reshapeModel } from "../../src/model/reshape.ts";
import { PartialShape } from "../../src/tensor/partial-shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type ModelCase, modelCases } from "./model-cases.ts";
import { openAtFakeQuantizes } from "./open-at-fake-quantizes.ts";
import { runModel } from "./run-model.ts";

/** IRs of quantized networks: of the Post-training Optimization Tool and of NNCF. */
export const quantizedCases = modelCases([
  "ir/landmarks-regression-retail-0009/FP16-INT8/landmarks-regression-retail-0009.xml",
  "ir-openvino/nncf_kws_int8.xml",
  "ir-openvino/nncf_ultraface_int8.xml",
  "ir-openvino/nncf_ocr_det_int8.xml",
]);

/** The pieces of a quantized network between its FakeQuantizes, and numbers to run them on, as REFERENCE makes them. */
export function quantizedPieces({ path, inputs, arrays }: ModelCase): { readonly pieces: Model; readonly given: readonly Tensor[] } {
  const model = reshapeModel(readModelSync(path), new Map(inputs.map(({ shape }, i) => [i, new PartialShape(shape)])));
  const { tapped, pieces } = openAtFakeQuantizes(model);
  const tensors = inputs.map(({ key }) => arrays().get(key) as Tensor);
  return { pieces, given: [...tensors, ...runModel(tapped, "REFERENCE", tensors).slice(model.results.length)] };
}
