import { VintnerError } from "../common/errors.ts";
import { sameShape } from "../common/shape.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";

/**
 * Checks what must hold of every model between any two steps, and changes nothing: an acyclic graph, borders of the
 * right kind, edges between outputs and nodes that know each other, data as constants say, outputs as inference has
 * them, tensor names unique, and the same of the bodies inside. Throws INVALID_MODEL, naming the node.
 */
export function verifyModel(model: Model): void {
  const nodes = model.nodes();
  verifyBorders(model);
  const names = new Map<string, Output>();
  for (const node of nodes) {
    verifyInputs(model, node);
    verifyConstant(model, node);
    verifyInference(model, node);
    for (const body of node.bodies) verifyModel(body.model);
    // A Result has the names of the tensor that it passes on.
    if (node.op.role !== "result") for (const output of node.outputs) verifyNames(model, output, names);
  }
}

function verifyBorders(model: Model): void {
  if (new Set(model.parameters).size !== model.parameters.length) fail(model, "an input is listed twice");
  if (new Set(model.results).size !== model.results.length) fail(model, "an output is listed twice");
  for (const p of model.parameters) if (p.op.role !== "parameter") fail(model, "a model's input must be a Parameter", p);
  for (const r of model.results) if (r.op.role !== "result") fail(model, "a model's output must be a Result", r);
  for (const s of model.sinks) if (s.op.role !== "sink") fail(model, "a model's sink must be an operation that writes state", s);
}

function verifyInputs(model: Model, node: Node): void {
  if (node.op.role === "parameter" && !model.parameters.includes(node))
    fail(model, "a Parameter is read that is no input of the model", node);
  for (const [i, input] of node.inputs.entries()) {
    if (input.node.outputs[input.index] !== input) fail(model, `input ${i} is no output of its node`, node);
    if (input.node.op.role === "result") fail(model, `input ${i} reads a Result, which nothing may`, node);
  }
}

function verifyConstant(model: Model, node: Node): void {
  const { constant, attributes, op } = node;
  if ((op.role === "constant") !== (constant !== undefined)) fail(model, "a Constant has data, and nothing else has", node);
  if (constant === undefined) return;
  if (constant.elementType !== attributes["element_type"] || !sameShape(constant.shape, attributes["shape"] as readonly number[]))
    fail(model, "the data is not what the attributes say", node, {
      expected: `${String(attributes["element_type"])}[${String(attributes["shape"])}]`,
      got: `${constant.elementType}[${constant.shape}]`,
    });
}

function verifyInference(model: Model, node: Node): void {
  const specs = node.inferOutputs();
  for (const [i, output] of node.outputs.entries()) {
    const spec = specs[i];
    const expected = spec && `${spec.elementType}${spec.shape}`;
    if (expected !== String(output))
      fail(model, `output ${i} is not what inference gives`, node, { expected: expected ?? "none", got: String(output) });
  }
}

function verifyNames(model: Model, output: Output, names: Map<string, Output>): void {
  for (const name of output.names) {
    const other = names.get(name);
    if (other) fail(model, `the tensor name "${name}" is given twice, also by ${other.node.where}`, output.node);
    names.set(name, output);
  }
}

function fail(model: Model, what: string, node?: Node, details: { readonly expected?: string; readonly got?: string } = {}): never {
  throw new VintnerError("INVALID_MODEL", {
    what,
    where: node ? `${node.where} of model "${model.name}"` : `model "${model.name}"`,
    ...details,
  });
}
