import { copyNode } from "../../model/clone.ts";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Where a tensor comes from: the model's inputs, a part's results, or the model itself. */
export type TensorSource =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "part"; readonly part: number; readonly result: number }
  | { readonly kind: "constant"; readonly tensor: Tensor };

/** A piece of a model for one device, as a model of its own. */
export interface ModelPart {
  readonly device: string;
  readonly model: Model;
  /** What its inputs are; parts among them come before it. */
  readonly inputs: readonly TensorSource[];
}

/** A model in parts, in an order in which they can run, and where its results come from. */
export interface Partition {
  readonly parts: readonly ModelPart[];
  readonly results: readonly TensorSource[];
}

const isBorder = ({ op: { role } }: Node): boolean => role === "parameter" || role === "constant" || role === "result";

/**
 * Cuts a model into parts of one device each. Nodes of a device belong together where as many changes of device lie between them and
 * the inputs: so no two parts wait for each other, and neighbours on one device stay together. The parts are copies.
 */
export function partitionModel(model: Model, deviceOf: (node: Node) => string): Partition {
  const nodes = model.nodes();
  const members = group(nodes, deviceOf);
  const partOf = new Map(members.flatMap(({ nodes: own }, part) => own.map((node) => [node, part] as const)));
  /** What each part must give: what other parts and the model's results read. */
  const given = members.map(() => new Set<Output>());
  for (const node of nodes)
    for (const input of node.inputs) {
      const part = partOf.get(input.node);
      if (part !== undefined && part !== partOf.get(node)) given[part].add(input);
    }
  const sourceOf = (output: Output): TensorSource => {
    const { constant } = output.node;
    if (constant !== undefined) return { kind: "constant", tensor: constant };
    const part = partOf.get(output.node);
    if (part === undefined) return { kind: "input", index: model.parameters.indexOf(output.node) };
    return { kind: "part", part, result: [...given[part]].indexOf(output) };
  };
  return {
    parts: members.map(({ device, nodes: own }, part) => ({ device, ...partModel(`${model.name} ${part}`, own, given[part], sourceOf) })),
    results: model.results.map((r) => sourceOf(r.inputs[0])),
  };
}

interface Members {
  readonly device: string;
  readonly changes: number;
  readonly nodes: Node[];
}

function group(nodes: readonly Node[], deviceOf: (node: Node) => string): Members[] {
  const groups = new Map<string, Members>();
  const groupOf = new Map<Node, Members>();
  for (const node of nodes) {
    if (isBorder(node)) continue;
    const device = deviceOf(node);
    let changes = 0;
    for (const { node: from } of node.inputs) {
      const before = groupOf.get(from);
      if (before) changes = Math.max(changes, before.changes + (before.device === device ? 0 : 1));
    }
    const key = `${changes} ${device}`;
    let found = groups.get(key);
    if (!found) groups.set(key, (found = { device, changes, nodes: [] }));
    found.nodes.push(node);
    groupOf.set(node, found);
  }
  return [...groups.values()].toSorted((a, b) => a.changes - b.changes);
}

function partModel(
  name: string,
  nodes: readonly Node[],
  given: ReadonlySet<Output>,
  sourceOf: (output: Output) => TensorSource,
): { model: Model; inputs: TensorSource[] } {
  const copies = new Map<Output, Output>();
  const parameters: Node[] = [];
  const inputs: TensorSource[] = [];
  const inPart = (output: Output): Output => {
    const known = copies.get(output);
    if (known) return known;
    let copy: Output;
    if (output.node.constant !== undefined) copy = copyNode(output.node, []).outputs[output.index];
    else {
      const entry = parameter(output.elementType, new PartialShape(output.partialShape.dimensions), output.anyName, []);
      parameters.push(entry);
      inputs.push(sourceOf(output));
      [copy] = entry.outputs;
    }
    copies.set(output, copy);
    return copy;
  };
  const sinks: Node[] = [];
  for (const node of nodes) {
    const copy = copyNode(node, node.inputs.map(inPart));
    for (const [i, output] of node.outputs.entries()) copies.set(output, copy.outputs[i]);
    if (node.op.role === "sink") sinks.push(copy);
  }
  const results = [...given].map((output) => result(copies.get(output) as Output, `result ${output.anyName}`));
  return { model: new Model({ name, parameters, results, sinks }), inputs };
}
