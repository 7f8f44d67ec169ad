import { VintnerError } from "../common/errors.ts";
import { type Model, portNames } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";

/** A place in a model that a user named: an output, or an input of a node. */
export interface Port {
  readonly output: Output;
  /** Set where only this input of this node is meant (`0:node`). */
  readonly reader?: { readonly node: Node; readonly input: number };
}

const maxSuggestions = 20;

/**
 * Finds a place by tensor name, friendly name, `node:1` (output) or `0:node` (input). Names with and without a frozen
 * TensorFlow graph's `:0` both work. Throws INVALID_ARGUMENT listing the inputs, or the outputs, of the model.
 */
export function findPort(model: Model, name: string, option: string): Port {
  const nodes = model.nodes();
  const found = byName(nodes, name) ?? byOutputPort(nodes, name) ?? byInputPort(nodes, name) ?? byName(nodes, `${name}:0`);
  if (found !== undefined) return found;
  const ports = option === "output" ? model.outputs : model.inputs;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `the model has no tensor or node ${JSON.stringify(name)}, which option "${option}" names`,
    where: `model "${model.name}"`,
    expected: `a name such as ${ports
      .slice(0, maxSuggestions)
      .flatMap((p) => portNames(p).slice(0, 1))
      .map((n) => `"${n}"`)
      .join(", ")}`,
  });
}

function byName(nodes: readonly Node[], name: string): Port | undefined {
  const inner = nodes.filter((n) => n.op.role !== "result");
  for (const node of inner) for (const output of node.outputs) if (output.names.has(name)) return { output };
  const node = inner.find((n) => n.friendlyName === name);
  if (node) return { output: node.outputs[0] };
  const result = nodes.find((n) => n.op.role === "result" && (n.friendlyName === name || n.outputs[0].names.has(name)));
  return result && { output: result.inputs[0] };
}

function byOutputPort(nodes: readonly Node[], name: string): Port | undefined {
  const match = /^(.+):(\d+)$/.exec(name);
  const node = match ? nodes.find((n) => n.friendlyName === match[1] && n.op.role !== "result") : undefined;
  const output = match && node?.outputs[Number(match[2])];
  return output ? { output } : undefined;
}

function byInputPort(nodes: readonly Node[], name: string): Port | undefined {
  const match = /^(\d+):(.+)$/.exec(name);
  const node = match ? nodes.find((n) => n.friendlyName === match[2]) : undefined;
  const input = Number(match?.[1]);
  const output = node?.inputs[input];
  return node && output ? { output, reader: { node, input } } : undefined;
}
