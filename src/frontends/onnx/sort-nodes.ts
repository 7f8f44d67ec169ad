import { VintnerError } from "../../common/errors.ts";
import type { GraphProto, NodeProto } from "../../formats/protobuf/generated/onnx_pb.ts";

/**
 * The nodes with producers before consumers; as they are where that holds already, as ONNX demands and some exporters do not do.
 * Throws INVALID_MODEL on cycles and on values with two producers.
 */
export function sortNodes(nodes: readonly NodeProto[], file: string): NodeProto[] {
  const producers = new Map<string, NodeProto>();
  for (const node of nodes)
    for (const name of node.output) {
      if (name === "") continue;
      if (producers.has(name))
        throw new VintnerError("INVALID_MODEL", {
          what: `two nodes have the output "${name}"`,
          where: file,
          hint: "Value names must be unique",
        });
      producers.set(name, node);
    }
  const order: NodeProto[] = [];
  const state = new Map<NodeProto, "open" | "done">();
  for (const root of nodes) {
    const stack: { readonly node: NodeProto; readonly reads: readonly string[]; next: number }[] = [];
    const enter = (node: NodeProto): void => {
      const seen = state.get(node);
      if (seen === "open")
        throw new VintnerError("INVALID_MODEL", {
          what: "the graph has a cycle",
          where: `${node.opType} "${node.name || node.output[0]}" (${file})`,
        });
      if (seen === "done") return;
      state.set(node, "open");
      stack.push({ node, reads: readsOf(node), next: 0 });
    };
    enter(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.reads.length) {
        const producer = producers.get(top.reads[top.next++]);
        if (producer) enter(producer);
      } else {
        state.set(top.node, "done");
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The values that a node reads: its inputs, and what its sub-graphs read from outside. */
function readsOf(node: NodeProto): readonly string[] {
  const inner = node.attribute.flatMap(({ g }) => (g ? freeNames(g) : []));
  return inner.length === 0 ? node.input : [...node.input, ...inner];
}

function freeNames(graph: GraphProto): string[] {
  const own = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  for (const { output } of graph.node) for (const name of output) own.add(name);
  const read = [...graph.node.flatMap(readsOf), ...graph.output.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}
