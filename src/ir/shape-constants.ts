import { allNodes } from "../model/body.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";

/**
 * The constants that shapes are computed from: found backwards from the inputs that decide an output's shape, up to
 * where a shape is taken (OpenVINO's MarkPrecisionSensitiveConstants).
 */
export function shapeConstants(model: Model): Set<Node> {
  const constants = new Set<Node>();
  const visited = new Set<Node>();
  const open = allNodes(model).flatMap((node) => (node.op.shapeInputs ?? []).flatMap((i) => node.inputs[i]?.node ?? []));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (visited.has(node)) continue;
    visited.add(node);
    if (node.constant) constants.add(node);
    if (!node.op.shapeOnly) for (const input of node.inputs) open.push(input.node);
  }
  return constants;
}
