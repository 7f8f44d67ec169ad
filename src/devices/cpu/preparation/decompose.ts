import type { Model } from "../../../model/model.ts";
import type { Node } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import { constantNode } from "../../../ops/infrastructure/constant.ts";
import { evaluateNode } from "../../../transformations/evaluate-node.ts";
import { howToRun } from "../how-to-run.ts";

/** Replaces composite operations by their parts where these have kernels and the whole has none. */
export function decompose(model: Model): void {
  const used = new Set<Output>(model.nodes().flatMap((n) => n.inputs));
  const replaced = new Map<Output, Output>();
  const visit = (node: Node): void => {
    for (const [i, input] of node.inputs.entries()) {
      const now = replaced.get(input);
      if (now) node.setInput(i, now);
    }
    if (node.op.role !== undefined) return;
    const how = howToRun(node, (o) => used.has(o));
    if (how.kind !== "parts") return;
    for (const part of how.parts.nodes) {
      if (part.op.role === undefined) visit(part);
      const folded = part.op.role === undefined && !part.outputs.some((o) => replaced.has(o)) ? evaluateNode(part) : undefined;
      for (const [i, tensor] of (folded ?? []).entries()) replaced.set(part.outputs[i], constantNode(tensor).outputs[0]);
    }
    for (const [i, output] of node.outputs.entries()) {
      const part = how.parts.outputs[i];
      const now = replaced.get(part) ?? part;
      for (const name of output.names) now.names.add(name);
      replaced.set(output, now);
    }
  };
  for (const node of model.nodes()) visit(node);
}
