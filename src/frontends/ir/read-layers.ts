import { VintnerError } from "../../common/errors.ts";
import { childOf, childrenOf, type XmlElement } from "../../formats/xml/parse-xml.ts";
import type { OperationDefinition, Opset } from "../../model/operation.ts";
import { allOperations, findOperation } from "../../ops/registry.ts";

export interface OutputPort {
  readonly id: string;
  readonly names: readonly string[];
  /** Number of dimensions; 0 for a scalar and where the rank is not known. */
  readonly dimensions: number;
  readonly rtInfo: XmlElement | undefined;
}

/** A layer as the file has it, with its ports' numbers in order. */
export interface Layer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly element: XmlElement;
  readonly op: OperationDefinition | undefined;
  readonly inputPorts: readonly string[];
  readonly outputPorts: readonly OutputPort[];
  /** The graphs inside, in the order of the operation's bodies. */
  readonly bodies: readonly Graph[];
}

export interface Source {
  readonly layer: string;
  readonly port: string;
}

/** The layers of a network or of a body, and what each input port is connected to. */
export interface Graph {
  readonly element: XmlElement;
  readonly layers: readonly Layer[];
  readonly byId: ReadonlyMap<string, Layer>;
  /** By `layer:port`. */
  readonly edges: ReadonlyMap<string, Source>;
}

export const irError = (
  what: string,
  where: string,
  details: { readonly expected?: string; readonly got?: string; readonly hint?: string } = {},
): VintnerError => new VintnerError("INVALID_MODEL", { what, where, ...details });

/** Names are joined by commas; a comma inside a name is escaped by a backslash. */
export const splitNames = (text: string): string[] => (text === "" ? [] : text.split(/(?<!\\),/).map((n) => n.replaceAll("\\,", ",")));

/** Reads the layers and edges of `<net>` or of a body. */
export function readGraph(element: XmlElement, file: string): Graph {
  const layers = childrenOf(childOf(element, "layers"), "layer").map((e) => readLayer(e, file));
  if (layers.length === 0) throw irError("the IR has no layers", file);
  const byId = new Map<string, Layer>();
  for (const layer of layers) {
    if (byId.has(layer.id)) throw irError(`two layers have the id ${layer.id}`, file);
    byId.set(layer.id, layer);
  }
  return { element, layers, byId, edges: readEdges(element, byId, file) };
}

function readLayer(element: XmlElement, file: string): Layer {
  const { id, name, type, version = "opset1" } = element.attributes;
  if (id === undefined || name === undefined || type === undefined)
    throw irError("a layer lacks its id, name or type", file, { got: JSON.stringify({ id, name, type }) });
  const ports = (side: "input" | "output"): XmlElement[] => childrenOf(childOf(element, side), "port");
  const op = operationOf(type, version);
  return {
    id,
    name,
    type,
    version,
    element,
    op,
    inputPorts: ports("input").map((p) => p.attributes["id"] ?? ""),
    outputPorts: ports("output").map((p) => ({
      id: p.attributes["id"] ?? "",
      names: splitNames(p.attributes["names"] ?? ""),
      dimensions: childrenOf(p, "dim").length,
      rtInfo: childOf(p, "rt_info"),
    })),
    bodies: (op?.bodies ?? []).map((schema) => {
      const body = childOf(element, schema.name);
      if (body === undefined) throw irError(`the layer has no <${schema.name}>`, `${type} "${name}" (${file})`);
      return readGraph(body, file);
    }),
  };
}

/** The operation of an opset. Some operations stand in files under an opset older than the one that introduced them. */
function operationOf(type: string, version: string): OperationDefinition | undefined {
  if (!/^opset\d+$/.test(version)) return undefined;
  return findOperation(type, version as Opset) ?? allOperations().find((op) => op.type === type || op.irType === type);
}

/** Throws one error that lists every layer whose operation is not known, those of bodies too. */
export function listUnsupported(graph: Graph, file: string): void {
  const unknown = unknownLayers(graph);
  if (unknown.length === 0) return;
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${unknown.length} layer${unknown.length > 1 ? "s have operations" : " has an operation"} that this version does not know`,
    where: file,
    got: unknown.map((l) => `${l.type} of ${l.version} "${l.name}"`).join(", "),
    hint: "docs/support.md lists the operations that are known",
  });
}

const unknownLayers = ({ layers }: Graph): Layer[] =>
  layers.flatMap((layer) => [...(layer.op === undefined ? [layer] : []), ...layer.bodies.flatMap(unknownLayers)]);

function readEdges(element: XmlElement, byId: ReadonlyMap<string, Layer>, file: string): Map<string, Source> {
  const edges = new Map<string, Source>();
  for (const { attributes } of childrenOf(childOf(element, "edges"), "edge")) {
    const { "from-layer": from = "", "from-port": fromPort = "", "to-layer": to = "", "to-port": toPort = "" } = attributes;
    const text = `edge from ${from}:${fromPort} to ${to}:${toPort}`;
    if (!byId.get(from)?.outputPorts.some((p) => p.id === fromPort))
      throw irError("an edge starts at a port that does not exist", file, { got: text });
    if (!byId.get(to)?.inputPorts.includes(toPort)) throw irError("an edge ends at a port that does not exist", file, { got: text });
    const key = `${to}:${toPort}`;
    if (edges.has(key)) throw irError("two edges end at one port", file, { got: text });
    edges.set(key, { layer: from, port: fromPort });
  }
  return edges;
}
