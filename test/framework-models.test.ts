import { describe, expect, test } from "vitest";
import { readModelSync } from "../src/frontends/read-model.ts";
import { reshapeModel } from "../src/model/reshape.ts";
import { Core } from "../src/runtime/core.ts";
import { PartialShape } from "../src/tensor/partial-shape.ts";
import { Tensor } from "../src/tensor/tensor.ts";
import { modelCases, modelsPresent, rangeError } from "./support/model-cases.ts";

/** Formats by how their main files end, besides ONNX and IR: test/models.test.ts runs those on every target. */
const endings = /(\.prototxt|-symbol\.json|\.raw|\.raw\.txt)$/;

/** Every n-th row, from the first: Kaldi's recordings may leave frames out. */
function everyRow({ shape, data }: Tensor, n: number): Tensor {
  const [rows, columns] = shape;
  const kept = Array.from({ length: Math.ceil(rows / n) }, (_, i) =>
    Array.from((data as Float32Array).subarray(i * n * columns, (i * n + 1) * columns)),
  );
  return new Tensor("f32", [kept.length, columns], Float32Array.from(kept.flat()));
}

/** The largest difference from the original framework, as a share of an output's range. */
const tolerance = 1e-4;

describe.skipIf(!modelsPresent).each(["REFERENCE", "CPU"])(
  `real models of other frameworks on %s${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`,
  (device) => {
    test.each(modelCases((model) => endings.test(model)))("$name", ({ path, inputs, outputs, arrays, frameSubsampling }) => {
      const network = reshapeModel(readModelSync(path), new Map(inputs.map(({ shape }, i) => [i, new PartialShape(shape)])));
      const compiled = new Core().compileModelSync(network, device);
      try {
        const expected = arrays();
        const got = compiled.createInferRequest().infer(inputs.map(({ key }) => expected.get(key) as Tensor));
        const errors = outputs.map(({ name, key }) => ({
          name,
          error: rangeError(frameSubsampling === 1 ? got[name] : everyRow(got[name], frameSubsampling), expected.get(key) as Tensor),
        }));
        expect(errors.filter(({ error }) => !(error <= tolerance))).toEqual([]);
      } finally {
        compiled.dispose();
      }
    });
  },
);
