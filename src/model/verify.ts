import { VintnerError } from "../common/errors.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";

/**
 * Checks what must hold of every model between any two steps: an acyclic graph, borders of the right kind, outputs as
 * inference has them, tensor names unique. Throws INVALID_MODEL, naming the node.
 */
export function verifyModel(model: Model): void {
  const nodes = model.nodes();
  const parameters = new Set(model.parameters);
  const results = new Set(model.results);
  if (parameters.size !== model.parameters.length) fail(model, "an input is listed twice");
  if (results.size !== model.results.length) fail(model, "an output is listed twice");
  for (const p of model.parameters) if (p.op.role !== "parameter") fail(model, "a model's input must be a Parameter", p);
  for (const r of model.results) if (r.op.role !== "result") fail(model, "a model's output must be a Result", r);
  for (const s of model.sinks) if (s.op.role !== "sink") fail(model, "a model's sink must be an operation that writes state", s);
  const names = new Map<string, Node>();
  for (const node of nodes) {
    if (node.op.role === "parameter" && !parameters.has(node)) fail(model, "a Parameter is read that is no input of the model", node);
    for (const input of node.inputs) if (input.node.outputs[input.index] !== input) fail(model, "an input is no output of its node", node);
    verifyInference(model, node);
    if (node.op.role === "result") continue;
    for (const output of node.outputs)
      for (const name of output.names) {
        const other = names.get(name);
        if (other && other !== node) fail(model, `the tensor name "${name}" is given twice, also by ${other.where}`, node);
        names.set(name, node);
      }
  }
}

function verifyInference(model: Model, node: Node): void {
  const before = node.outputs.map(String);
  node.reinfer();
  const after = node.outputs.map(String);
  for (const [i, text] of before.entries())
    if (text !== after[i])
      throw new VintnerError("INVALID_MODEL", {
        what: `output ${i} is not what inference gives`,
        where: `${node.where} of model "${model.name}"`,
        expected: after[i] as string,
        got: text,
      });
}

function fail(model: Model, what: string, node?: Node): never {
  throw new VintnerError("INVALID_MODEL", { what, where: node ? `${node.where} of model "${model.name}"` : `model "${model.name}"` });
}
