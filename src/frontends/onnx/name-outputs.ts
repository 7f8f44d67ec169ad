import type { Output } from "../../model/output.ts";
import type { OnnxNode } from "./onnx-node.ts";

/**
 * Names what a node became as OpenVINO does: operations that give its outputs are called like the ONNX node, or like the output where
 * the node has no name; with several such operations, by both. Inside functions the calling nodes' names stand before. Tensors keep
 * their ONNX names, but for those inside functions.
 */
export function nameOutputs(node: OnnxNode, outputs: readonly (Output | undefined)[], calls: readonly string[]): void {
  const named = outputs.slice(0, node.outputs.length);
  const makers = new Set(named.flatMap((o, i) => (o && node.hasOutput(i) ? [o.node] : [])));
  const prefix = calls.map((c) => `${c}/`).join("");
  for (const [i, output] of named.entries()) {
    if (output === undefined || !node.hasOutput(i)) continue;
    if (calls.length === 0) output.names.add(node.outputs[i]);
    // What only passes on an input keeps the name that it has.
    if (!node.made.has(output.node)) continue;
    output.node.friendlyName = prefix + (!node.hasName ? node.outputs[i] : makers.size > 1 ? `${node.name}_${node.outputs[i]}` : node.name);
  }
}
