import { describe, expect, test } from "vitest";
import { readModelSync } from "../src/frontends/read-model.ts";
import type { Config } from "../src/devices/property.ts";
import type { Model } from "../src/model/model.ts";
import { availableTargets } from "../src/devices/cpu/target-selection.ts";
import { applyOptions } from "../src/convert/apply-options.ts";
import type { Fp16Weights } from "../src/ir/compress-to-float16.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import { Core } from "../src/runtime/core.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { optimize } from "../src/transformations/pipeline.ts";
import { exactOutputs, sampleOf } from "./support/exact-outputs.ts";
import { fp16Tolerance } from "./support/fp16-errors.ts";
import { modelCases, modelsPresent, onnxModels, rangeError } from "./support/model-cases.ts";

/** What runs the models. */
interface Target {
  readonly name: string;
  readonly device: string;
  readonly config: Config;
}

// The interpreter takes minutes for a whole network; it runs every kernel's own tests.
const targets: readonly Target[] = [
  { name: "REFERENCE", device: "REFERENCE", config: {} },
  ...availableTargets()
    .filter((target) => target !== "interpreter")
    .map((target) => ({ name: `CPU, ${target}`, device: "CPU", config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: 2 } })),
];

interface Variant {
  readonly name: string;
  readonly prepare: (model: Model) => Model;
  /** The largest difference of an output from the reference engine's, as a share of its range. */
  readonly tolerance: (caseName: string, output: string) => number;
  /** Whether the numbers are those of the source, so that REFERENCE must come close to the exact outputs. */
  readonly unrounded?: boolean;
  readonly targets?: readonly Target[];
}

function optimized(model: Model): Model {
  optimize(model);
  return model;
}

/** Writes a model as IR with FP16 weights, as `convertModel` and `saveModel` do, and reads it again. */
function throughFp16(model: Model, fp16Weights: Fp16Weights): Model {
  const { xml, bin } = serializeModel(applyOptions(model, {}), { compressToFp16: true, fp16Weights });
  return readModelSync({ name: "model.xml", bytes: new TextEncoder().encode(xml), files: { "model.bin": bin } });
}

/** Of REFERENCE from what is exact: f32 tensors between operations. */
const exactTolerance = 1e-5;
const variants: readonly Variant[] = [
  { name: "as read", prepare: (model) => model, tolerance: () => 1e-4, unrounded: true },
  { name: "optimized", prepare: optimized, tolerance: () => 1e-4, unrounded: true },
  { name: "as IR with FP16 weights", prepare: (model) => throughFp16(model, "all"), tolerance: fp16Tolerance },
  // What it keeps in f32 was chosen for this; which target computes it makes no difference.
  {
    name: "as IR with mixed weights",
    prepare: (model) => throughFp16(model, "mixed"),
    tolerance: () => 5e-3,
    targets: targets.slice(1, 2),
  },
];

for (const target of targets)
  describe.skipIf(!modelsPresent)(`real models on ${target.name}${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
    for (const variant of variants.filter((v) => v.targets?.includes(target) ?? true))
      test.each(modelCases(onnxModels))(`$name, ${variant.name}`, ({ name: caseName, path, file, inputs, outputs, arrays }) => {
        const network = variant.prepare(readModelSync(path));
        const compiled = new Core().compileModelSync(network, target.device, target.config);
        try {
          const expected = arrays();
          const given = Object.fromEntries(inputs.map(({ name, key }) => [name, expected.get(key) as Tensor]));
          const got = compiled.createInferRequest().infer(given);
          const exact = target.device === "REFERENCE" && variant.unrounded ? exactOutputs(file) : undefined;
          const errors = outputs.map(({ name, key }) =>
            exact
              ? { name, error: rangeError(sampleOf(got[name]), exact.get(key) as Tensor), most: exactTolerance }
              : { name, error: rangeError(got[name], expected.get(key) as Tensor), most: variant.tolerance(caseName, name) },
          );
          expect(errors.filter(({ error, most }) => !(error <= most))).toEqual([]);
        } finally {
          compiled.dispose();
        }
      });
  });
