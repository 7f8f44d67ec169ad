import { VintnerError } from "../common/errors.ts";
import type { Node } from "./node.ts";

/** All nodes that the roots depend on, producers first; roots in their order. Throws INVALID_MODEL on a cycle. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  const stack: { readonly node: Node; next: number }[] = [];
  const enter = (node: Node): void => {
    const seen = state.get(node);
    if (seen === "open") throw new VintnerError("INVALID_MODEL", { what: "the graph has a cycle", where: node.where });
    if (seen === undefined) {
      state.set(node, "open");
      stack.push({ node, next: 0 });
    }
  };
  for (const root of roots) {
    enter(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const input = top.node.inputs[top.next++];
      if (input !== undefined) enter(input.node);
      else {
        state.set(top.node, "done");
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}
