import type { Model } from "../../src/model/model.ts";
import type { Output } from "../../src/model/output.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Runs every operation's `evaluate` in order: independent of any device. */
export function evaluateModel(model: Model, inputs: readonly Tensor[]): Tensor[] {
  const values = new Map<Output, Tensor>();
  for (const [i, input] of model.inputs.entries()) values.set(input, inputs[i]);
  for (const node of model.nodes()) {
    if (node.op.role === "parameter") continue;
    const tensors = node.op.evaluate?.({
      node,
      inputs: node.inputs.map((o) => values.get(o) as Tensor),
      attributes: node.attributes,
      outputs: node.outputs,
    });
    if (tensors === undefined) throw new Error(`${node.where} cannot be evaluated`);
    for (const [i, output] of node.outputs.entries()) values.set(output, tensors[i]);
  }
  return model.outputs.map((o) => values.get(o) as Tensor);
}
