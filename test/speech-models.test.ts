import { describe, expect, test } from "vitest";
import { Core } from "../src/runtime/core.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { modelCases, modelsPresent, rangeError } from "./support/model-cases.ts";

/** Networks of control flow and recurrent layers: Silero VAD chooses by the sampling rate and by shapes, and hands its state on. */
const models = ["onnx_speech/silero_vad_v5.onnx", "onnx_speech/byte_sb_bidi_lstm/model.onnx"];

describe.skipIf(!modelsPresent)(`speech networks${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  for (const device of ["REFERENCE", "CPU"])
    test.each(modelCases(models))(`$name on ${device}`, ({ path, inputs, outputs, arrays }) => {
      const compiled = new Core().compileModelSync(path, device);
      try {
        const expected = arrays();
        const got = Object.values(compiled.createInferRequest().infer(inputs.map(({ key }) => expected.get(key) as Tensor)));
        for (const [i, { name, key }] of outputs.entries())
          expect(rangeError(got[i] as Tensor, expected.get(key) as Tensor), name).toBeLessThanOrEqual(1e-4);
      } finally {
        compiled.dispose();
      }
    });

  // Five chunks, the state of each from the one before: what the caller of a network with state in its borders does.
  for (const device of ["REFERENCE", "CPU"])
    test(`Silero VAD follows a recording chunk by chunk on ${device}`, () => {
      const steps = modelCases(["onnx_speech/silero_vad_v5.onnx"]).filter((c) => c.name.includes("[1,512]"));
      const compiled = new Core().compileModelSync(steps[0].path, device);
      try {
        const request = compiled.createInferRequest();
        const tensor = ({ arrays }: (typeof steps)[number], key: string): Tensor => arrays().get(key) as Tensor;
        let state = tensor(steps[0], steps[0].inputs[1].key);
        expect(steps).toHaveLength(5);
        for (const step of steps) {
          const [input, , sr] = step.inputs.map(({ key }) => tensor(step, key));
          const results = request.infer({ input, state, sr });
          expect(rangeError(results["output"], tensor(step, step.outputs[0].key))).toBeLessThanOrEqual(1e-4);
          state = results["stateN"];
        }
      } finally {
        compiled.dispose();
      }
    });
});
