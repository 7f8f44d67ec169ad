import { invariant, VintnerError } from "../common/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node } from "./node.ts";

/**
 * The reference semantics of a node on tensors. Throws what the operation throws, and OUT_OF_MEMORY, naming the node, where
 * there is no room for the result.
 */
export function evaluateOperation(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  const { evaluate } = node.op;
  invariant(evaluate !== undefined, `${node.where} has no evaluation`);
  try {
    return evaluate({ node, inputs, attributes: node.attributes, outputs: node.outputs });
  } catch (cause) {
    // The language's own error where an array is longer than it can be; also that of too deep a recursion.
    const outOfMemory =
      cause instanceof VintnerError ? cause.code === "OUT_OF_MEMORY" : cause instanceof RangeError && !cause.message.includes("call stack");
    if (!outOfMemory) throw cause;
    const what = cause instanceof VintnerError ? cause.details.what : "an array as long as the operation needs cannot be allocated";
    throw new VintnerError("OUT_OF_MEMORY", { what, where: node.where, got: describe(node, inputs) }, { cause });
  }
}

const describe = (node: Node, inputs: readonly Tensor[]): string =>
  `inputs ${inputs.map((t) => `${t.elementType}[${t.shape.join(",")}]`).join(", ")} and outputs ${node.outputs.map(String).join(", ")}`;
