import { describe, expect, it } from "vitest";
import { availableTargets } from "../../src/devices/cpu/target-selection.ts";
import { readModelSync } from "../../src/frontends/read-model.ts";
import { Core } from "../../src/runtime/core.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { modelCases, modelsPresent, onnxModels, rangeError } from "../support/model-cases.ts";

// `npm run test:wasm`: with koffi hidden, on this version of Node.js; .ci/run does it on others as well.
const targets = availableTargets().filter((target) => target !== "interpreter");

it("WebAssembly is what the CPU has", () => {
  expect(targets.map((t) => t.split("-")[0])).toEqual(targets.map(() => "wasm"));
  expect(targets).toContain("wasm-simd");
  // Relaxed SIMD is behind a flag, with which these tests start Node.js 20, and without one on later versions.
  expect(targets).toContain("wasm-relaxed");
});

describe.skipIf(!modelsPresent).each(targets)(
  `real models on %s${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`,
  (target) =>
    it.each(modelCases(onnxModels))("$name", async ({ path, inputs, outputs, arrays }) => {
      const expected = arrays();
      const given = Object.fromEntries(inputs.map(({ name, key }) => [name, expected.get(key) as Tensor]));
      for (const threads of [1, 2]) {
        const compiled = new Core().compileModelSync(readModelSync(path), "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads });
        const request = compiled.createInferRequest();
        for (const got of [request.infer(given), await request.inferAsync(given)])
          for (const { name, key } of outputs) expect(rangeError(got[name], expected.get(key) as Tensor)).toBeLessThanOrEqual(1e-4);
        compiled.dispose();
      }
    }),
);
