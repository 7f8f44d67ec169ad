import { Model } from "./model.ts";
import { Node } from "./node.ts";
import type { Output } from "./output.ts";

/** A copy of a model: new nodes, the same constant data. `replaceParameter` may give another node for a parameter. */
export function cloneModel(model: Model, replaceParameter: (parameter: Node, index: number) => Node | undefined = () => undefined): Model {
  const copies = new Map<Node, Node>();
  for (const node of model.nodes()) {
    const index = model.parameters.indexOf(node);
    const copy =
      (index < 0 ? undefined : replaceParameter(node, index)) ??
      copyNode(
        node,
        node.inputs.map((i) => (copies.get(i.node) as Node).outputs[i.index]),
      );
    copies.set(node, copy);
  }
  const copyOf = (node: Node): Node => copies.get(node) as Node;
  const clone = new Model({
    name: model.name,
    parameters: model.parameters.map(copyOf),
    results: model.results.map(copyOf),
    sinks: model.sinks.map(copyOf),
  });
  for (const [key, value] of model.rtInfo) clone.rtInfo.set(key, value);
  return clone;
}

/** Applies a node's operation to other inputs; names, attributes, data, bodies and runtime information are kept. */
export function copyNode(node: Node, inputs: readonly Output[]): Node {
  const copy = new Node(node.op, inputs, node.attributes, {
    friendlyName: node.friendlyName,
    ...(node.constant && { constant: node.constant }),
    ...(node.bodies.length > 0 && { bodies: node.bodies.map((body) => ({ ...body, model: cloneModel(body.model) })) }),
    ...(node.sourceFile !== undefined && { source: node.sourceFile }),
  });
  for (const [key, value] of node.rtInfo) copy.rtInfo.set(key, value);
  for (const [i, output] of node.outputs.entries()) {
    for (const name of output.names) copy.outputs[i]?.names.add(name);
    for (const [key, value] of output.rtInfo) copy.outputs[i]?.rtInfo.set(key, value);
  }
  return copy;
}
