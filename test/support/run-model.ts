import type { Model } from "../../src/model/model.ts";
import { Core } from "../../src/runtime/core.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** The outputs of one inference, in the model's order. */
export function runModel(model: Model | string, device: string, inputs: readonly Tensor[]): Tensor[] {
  const compiled = new Core().compileModelSync(model, device);
  try {
    const request = compiled.createInferRequest();
    request.infer(inputs);
    return compiled.outputs.map((_, i) => request.getOutputTensor(i));
  } finally {
    compiled.dispose();
  }
}
