import type { Node } from "./node.ts";
import type { Output } from "./output.ts";
import { topologicalOrder } from "./topological-order.ts";

/** A composite operation as a graph of other operations. */
export interface Decomposition {
  /** The new nodes, producers first. */
  readonly nodes: readonly Node[];
  /** What stands for each output of the composite operation. */
  readonly outputs: readonly Output[];
}

/** The graph that a composite operation means, or undefined where it has none. */
export function decomposition(node: Node): Decomposition | undefined {
  const outputs = node.op.decompose?.(node);
  if (outputs === undefined) return undefined;
  const before = new Set(topologicalOrder(node.inputs.map((input) => input.node)));
  const nodes = topologicalOrder(outputs.map((o) => o.node)).filter((n) => !before.has(n));
  return { nodes, outputs };
}
