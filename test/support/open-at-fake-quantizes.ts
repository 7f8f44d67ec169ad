import { copyNode } from "../../src/model/clone.ts";
import { Model } from "../../src/model/model.ts";
import type { Node } from "../../src/model/node.ts";
import type { Output } from "../../src/model/output.ts";
import { parameter } from "../../src/ops/infrastructure/parameter.ts";
import { result } from "../../src/ops/infrastructure/result.ts";

/** A model cut open at its FakeQuantizes. */
export interface OpenModel {
  /** The whole model that also gives what the nodes give, behind its own outputs. */
  readonly tapped: Model;
  /** The pieces: also takes what the nodes give, behind its own inputs, and gives what they take, behind its own outputs. */
  readonly pieces: Model;
}

/**
 * Cuts a quantized model open at the FakeQuantizes of its activations. Rounding makes a whole step of a last bit's difference, and
 * the layers behind it make many of one; two engines that run the pieces on the same numbers differ by last bits only.
 */
export function openAtFakeQuantizes(model: Model): OpenModel {
  const activations = activationsOf(model);
  const cuts = model.nodes().filter((node) => node.type === "FakeQuantize" && activations.has(node));
  const copies = new Map<Output, Output>();
  const copyOf = (output: Output): Output => copies.get(output) as Output;
  const parameters: Node[] = [];
  const results: Node[] = [];
  for (const node of model.nodes()) {
    const [first] = node.outputs;
    if (node.op.role === "result" || first === undefined) continue;
    if (cuts.includes(node)) {
      const name = `cut_${parameters.length}`;
      const given = parameter(first.elementType, first.partialShape, name);
      parameters.push(given);
      copies.set(first, given.outputs[0] as Output);
      results.push(result(copyOf(node.inputs[0] as Output), `${name}/input`));
    } else {
      const copy = copyNode(node, node.inputs.map(copyOf));
      for (const [i, output] of node.outputs.entries()) copies.set(output, copy.outputs[i] as Output);
    }
  }
  const nodeOf = (output: Output): Node => copyOf(output).node;
  return {
    tapped: new Model({
      name: model.name,
      parameters: model.parameters,
      results: [...model.results, ...cuts.map((cut) => result(cut.outputs[0] as Output))],
    }),
    pieces: new Model({
      name: model.name,
      parameters: [...model.inputs.map(nodeOf), ...parameters],
      results: [...model.results.map((r) => copyNode(r, r.inputs.map(copyOf))), ...results],
    }),
  };
}

/** What depends on the model's inputs: not weights. */
function activationsOf(model: Model): ReadonlySet<Node> {
  const found = new Set<Node>(model.parameters);
  for (const node of model.nodes()) if (node.inputs.some((input) => found.has(input.node))) found.add(node);
  return found;
}
