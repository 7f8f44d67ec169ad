import { copyNode } from "../../model/clone.ts";
import type { Output } from "../../model/output.ts";
import { matchConstant, matchScalar } from "../match.ts";
import type { Rewrite } from "../rewrite.ts";

/** An If whose condition is known is its branch. Tensor names inside are dropped: they name tensors of the body's own scope. */
export const constantBranch: Rewrite = {
  name: "constant-branch",
  types: ["If"],
  apply(node) {
    const condition = matchConstant(node.inputs[0]) && matchScalar(node.inputs[0]);
    if (condition === undefined) return undefined;
    const { model, inputs, outputs } = node.bodies[condition === 0 ? 1 : 0];
    // What nothing reads but must run stays where it is.
    if (model.sinks.length > 0) return undefined;
    const copies = new Map<Output, Output>();
    for (const source of inputs) if (source.kind === "invariant") copies.set(model.inputs[source.parameter], node.inputs[source.input]);
    const copyOf = (output: Output): Output => copies.get(output) as Output;
    for (const inner of model.nodes()) {
      if (inner.op.role === "parameter" || inner.op.role === "result") continue;
      const copy = copyNode(inner, inner.inputs.map(copyOf));
      for (const [i, output] of inner.outputs.entries()) {
        copy.outputs[i].names.clear();
        copies.set(output, copy.outputs[i]);
      }
    }
    const replacements: Output[] = [];
    for (const { output, result } of outputs) replacements[output] = copyOf(model.results[result].inputs[0]);
    return replacements;
  },
};
