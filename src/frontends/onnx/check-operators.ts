import { VintnerError } from "../../common/errors.ts";
import type { FunctionProto, NodeProto } from "../../formats/protobuf/generated/onnx_pb.ts";
import { domainOf, type Functions, OperatorSets } from "./operator-sets.ts";
import { findMapping } from "./operators.ts";

/** Nodes of one operator that are named in the error. */
const maxNamed = 5;

/** Throws one UNSUPPORTED_OPERATION that lists every operator without a mapping, those of sub-graphs and functions too, with the nodes that use it. */
export function checkOperators(nodes: readonly NodeProto[], sets: OperatorSets, functions: Functions, file: string): void {
  const missing = new Map<string, string[]>();
  collect(nodes, sets, functions, missing, new Set());
  if (missing.size === 0) return;
  const list = [...missing].map(([operator, names]) => {
    const more = names.length > maxNamed ? `, and ${names.length - maxNamed} more` : "";
    return `${operator} (${names
      .slice(0, maxNamed)
      .map((n) => JSON.stringify(n))
      .join(", ")}${more})`;
  });
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${missing.size === 1 ? "an operator is" : `${missing.size} operators are`} not supported: ${list.join("; ")}`,
    where: file,
    hint: "Convert only a part of the network by naming its outputs, or export it without these operators; docs/support.md lists what is supported",
  });
}

function collect(
  nodes: readonly NodeProto[],
  sets: OperatorSets,
  functions: Functions,
  missing: Map<string, string[]>,
  seen: Set<FunctionProto>,
): void {
  for (const node of nodes) {
    for (const { g, graphs } of node.attribute)
      for (const graph of [...(g ? [g] : []), ...graphs]) collect(graph.node, sets, functions, missing, seen);
    const called = functions.find(node);
    if (called) {
      if (seen.has(called)) continue;
      seen.add(called);
      collect(called.node, new OperatorSets(called.opsetImport), functions, missing, seen);
    } else if (findMapping(node.domain, node.opType, sets.versionOf(node.domain)) === undefined) {
      const domain = domainOf(node.domain);
      const operator = `${domain === "" ? "" : `${domain}.`}${node.opType}-${sets.versionOf(domain)}`;
      const name = node.name || (node.output.find((o) => o !== "") ?? "");
      missing.set(operator, [...(missing.get(operator) ?? []), name]);
    }
  }
}
