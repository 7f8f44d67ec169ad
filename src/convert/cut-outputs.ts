import type { Model } from "../model/model.ts";
import { result } from "../ops/infrastructure/result.ts";
import { findPort } from "./find-port.ts";

/** Applies the `output` option, in place: these tensors or nodes are the model's outputs, in this order; what only others need goes. */
export function cutOutputs(model: Model, names: readonly string[]): void {
  const outputs = names.map((name) => findPort(model, name, "output").output);
  model.results = outputs.map((output, i) => {
    const existing = model.results.find((r) => r.inputs[0] === output);
    if (existing) return existing;
    if (output.names.size === 0) output.names.add(names[i]);
    return result(output);
  });
  model.sinks = [];
  const needed = new Set(model.results.length > 0 ? reachable(model) : []);
  model.parameters = model.parameters.filter((p) => needed.has(p));
}

function reachable(model: Model) {
  const { parameters } = model;
  model.parameters = [];
  const nodes = model.nodes();
  model.parameters = parameters;
  return nodes;
}
