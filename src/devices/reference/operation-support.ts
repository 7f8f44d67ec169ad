import { allNodes } from "../../model/body.ts";
import { isEvaluable } from "../../model/evaluate-operation.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Support } from "../device.ts";
import { decomposition } from "../../model/decomposition.ts";

/** What REFERENCE says of one operation: it runs what has an evaluation, or is made of such operations. */
function supportOf(node: Node): Support {
  if (isEvaluable(node.op)) return { supported: true };
  const parts = decomposition(node);
  if (parts === undefined) return { supported: false, reason: `${node.op.type} of ${node.op.since} has no evaluation` };
  const missing = parts.nodes.find((part) => !supportOf(part).supported);
  return missing === undefined
    ? { supported: true, reason: `as ${[...new Set(parts.nodes.map((n) => n.type))].join(", ")}` }
    : { supported: false, reason: `its part ${missing.type} of ${missing.op.since} has no evaluation` };
}

/** An answer for every node but borders and constants, those in bodies too. */
export const supportedOperations = (model: Model): ReadonlyMap<Node, Support> =>
  new Map(
    allNodes(model)
      .filter((node) => node.op.role === undefined || node.op.role === "sink")
      .map((node) => [node, supportOf(node)]),
  );
