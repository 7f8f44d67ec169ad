import { VintnerError } from "../../common/errors.ts";
import { childOf, childrenOf, type XmlElement } from "../../formats/xml/parse-xml.ts";
import { parseAttribute } from "../../model/attribute-text.ts";
import type { AttributeValue } from "../../model/attribute.ts";
import { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import type { OperationDefinition, Opset } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { uniqueTensorNames } from "../../model/unique-names.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { allOperations, findOperation } from "../../ops/registry.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import { type Dimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import { readConstant } from "./read-constant.ts";
import { readRtInfo } from "./rt-info.ts";

interface OutputPort {
  readonly id: string;
  readonly names: readonly string[];
  /** Number of dimensions; 0 for a scalar and where the rank is not known. */
  readonly dimensions: number;
  readonly rtInfo: XmlElement | undefined;
}

/** A layer as the file has it, with its ports' numbers in order. */
interface Layer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly element: XmlElement;
  readonly op: OperationDefinition | undefined;
  readonly inputPorts: readonly string[];
  readonly outputPorts: readonly OutputPort[];
}

interface Source {
  readonly layer: string;
  readonly port: string;
}

const error = (
  what: string,
  where: string,
  details: { readonly expected?: string; readonly got?: string; readonly hint?: string } = {},
): VintnerError => new VintnerError("INVALID_MODEL", { what, where, ...details });

/** Builds the model of a parsed IR. `weights` opens the .bin; it is called only where a constant needs it. */
export function readIr(root: XmlElement, file: string, weights: () => RandomAccess): Model {
  if (root.name !== "net")
    throw new VintnerError("FORMAT", { what: "this XML is no IR", where: file, expected: "a root element <net>", got: `<${root.name}>` });
  const version = root.attributes["version"] ?? "";
  if (version !== "10" && version !== "11")
    throw new VintnerError("UNSUPPORTED", {
      what: "this version of IR cannot be read",
      where: file,
      expected: "version 10 or 11",
      got: version === "" ? "none" : version,
      hint: "Convert the source model again",
    });
  const layers = childrenOf(childOf(root, "layers"), "layer").map((e) => readLayer(e, file));
  if (layers.length === 0) throw error("the IR has no layers", file);
  const byId = new Map<string, Layer>();
  for (const layer of layers) {
    if (byId.has(layer.id)) throw error(`two layers have the id ${layer.id}`, file);
    byId.set(layer.id, layer);
  }
  listUnsupported(layers, file);
  return new Builder(file, byId, readEdges(root, byId, file), weights).build(root, layers);
}

function readLayer(element: XmlElement, file: string): Layer {
  const { id, name, type, version = "opset1" } = element.attributes;
  if (id === undefined || name === undefined || type === undefined)
    throw error("a layer lacks its id, name or type", file, { got: JSON.stringify({ id, name, type }) });
  const ports = (side: "input" | "output"): XmlElement[] => childrenOf(childOf(element, side), "port");
  return {
    id,
    name,
    type,
    version,
    element,
    op: operationOf(type, version),
    inputPorts: ports("input").map((p) => p.attributes["id"] ?? ""),
    outputPorts: ports("output").map((p) => ({
      id: p.attributes["id"] ?? "",
      names: splitNames(p.attributes["names"] ?? ""),
      dimensions: childrenOf(p, "dim").length,
      rtInfo: childOf(p, "rt_info"),
    })),
  };
}

/** A Result's output is no port of the file: its names stand at the layer, or at the tensor that it passes on. */
function readResult({ element }: Layer, node: Node): void {
  const own = element.attributes["output_names"];
  const [output] = node.outputs;
  for (const name of own === undefined ? node.inputs[0].names : splitNames(own)) output.names.add(name);
}

/** The operation of an opset. Some operations stand in files under an opset older than the one that introduced them. */
function operationOf(type: string, version: string): OperationDefinition | undefined {
  if (!/^opset\d+$/.test(version)) return undefined;
  return findOperation(type, version as Opset) ?? allOperations().find((op) => op.type === type || op.irType === type);
}

/** Names are joined by commas; a comma inside a name is escaped by a backslash. */
const splitNames = (text: string): string[] => (text === "" ? [] : text.split(/(?<!\\),/).map((n) => n.replaceAll("\\,", ",")));

function listUnsupported(layers: readonly Layer[], file: string): void {
  const unknown = layers.filter((l) => l.op === undefined);
  if (unknown.length === 0) return;
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${unknown.length} layer${unknown.length > 1 ? "s have operations" : " has an operation"} that this version does not know`,
    where: file,
    got: unknown.map((l) => `${l.type} of ${l.version} "${l.name}"`).join(", "),
    hint: "docs/support.md lists the operations that are known",
  });
}

function readEdges(root: XmlElement, byId: ReadonlyMap<string, Layer>, file: string): Map<string, Source> {
  const edges = new Map<string, Source>();
  for (const { attributes } of childrenOf(childOf(root, "edges"), "edge")) {
    const { "from-layer": from = "", "from-port": fromPort = "", "to-layer": to = "", "to-port": toPort = "" } = attributes;
    const text = `edge from ${from}:${fromPort} to ${to}:${toPort}`;
    if (!byId.get(from)?.outputPorts.some((p) => p.id === fromPort))
      throw error("an edge starts at a port that does not exist", file, { got: text });
    if (!byId.get(to)?.inputPorts.includes(toPort)) throw error("an edge ends at a port that does not exist", file, { got: text });
    const key = `${to}:${toPort}`;
    if (edges.has(key)) throw error("two edges end at one port", file, { got: text });
    edges.set(key, { layer: from, port: fromPort });
  }
  return edges;
}

class Builder {
  readonly #file: string;
  readonly #layers: ReadonlyMap<string, Layer>;
  readonly #edges: ReadonlyMap<string, Source>;
  readonly #nodes = new Map<string, Node>();
  readonly #openWeights: () => RandomAccess;
  #weights: RandomAccess | undefined;
  #symbols = 0;

  constructor(file: string, layers: ReadonlyMap<string, Layer>, edges: ReadonlyMap<string, Source>, weights: () => RandomAccess) {
    this.#file = file;
    this.#layers = layers;
    this.#edges = edges;
    this.#openWeights = weights;
  }

  build(root: XmlElement, layers: readonly Layer[]): Model {
    for (const layer of layers) this.#make(layer);
    const ofRole = (role: string): Node[] => layers.map((l) => this.#nodes.get(l.id) as Node).filter((n) => n.op.role === role);
    const model = new Model({
      name: root.attributes["name"] ?? "model",
      parameters: ofRole("parameter"),
      results: ofRole("result"),
      sinks: ofRole("sink"),
    });
    if (model.results.length === 0 && model.sinks.length === 0) throw error("the IR has no Result", this.#file);
    uniqueTensorNames(model);
    // Until 2022 it was called meta_data.
    for (const name of ["meta_data", "rt_info"]) readRtInfo(childOf(root, name), model.rtInfo);
    return model;
  }

  /** Makes a layer's node after those that it reads; a list instead of recursion, since networks are deep. */
  #make(last: Layer): void {
    const open = [last];
    const entered = new Set<string>();
    while (open.length > 0) {
      const layer = open[open.length - 1];
      const missing = this.#sources(layer).filter((s) => !this.#nodes.has(s.layer));
      if (this.#nodes.has(layer.id)) open.pop();
      else if (missing.length === 0) {
        this.#nodes.set(layer.id, this.#node(layer));
        open.pop();
      } else {
        if (entered.has(layer.id)) throw error("the layers form a cycle", this.#where(layer));
        entered.add(layer.id);
        for (const s of missing) open.push(this.#layers.get(s.layer) as Layer);
      }
    }
  }

  #sources(layer: Layer): Source[] {
    return layer.inputPorts.map((port) => {
      const source = this.#edges.get(`${layer.id}:${port}`);
      if (source === undefined) throw error(`input port ${port} is not connected`, this.#where(layer));
      return source;
    });
  }

  #node(layer: Layer): Node {
    const op = layer.op as OperationDefinition;
    const inputs = this.#sources(layer).map((s): Output => {
      const from = this.#layers.get(s.layer) as Layer;
      const index = from.outputPorts.findIndex((p) => p.id === s.port);
      const output = (this.#nodes.get(s.layer) as Node).outputs[index];
      if (output === undefined) throw error(`an edge starts at output ${index}, which the operation does not have`, this.#where(from));
      return output;
    });
    const data = childOf(layer.element, "data")?.attributes ?? {};
    const options = { friendlyName: layer.name, source: this.#file };
    const node =
      op.role === "constant"
        ? constantNode(
            readConstant(data, () => (this.#weights ??= this.#openWeights()), this.#where(layer)),
            options,
          )
        : new Node(op, inputs, this.#withSymbols(op, this.#attributes(layer, op, data)), options);
    for (const [i, port] of layer.outputPorts.entries()) {
      const output = node.outputs[i];
      if (output === undefined)
        throw error("the layer has more output ports than its operation has outputs", this.#where(layer), {
          expected: `${node.outputs.length}`,
          got: `${layer.outputPorts.length}`,
        });
      const rank = output.partialShape.rank;
      if (rank !== undefined && port.dimensions > 0 && rank !== port.dimensions)
        throw error(`output ${i} has another rank than the file says`, this.#where(layer), {
          expected: `${rank} from ${output.partialShape}`,
          got: `${port.dimensions}`,
        });
      for (const name of port.names) output.names.add(name);
      readRtInfo(port.rtInfo, output.rtInfo);
    }
    if (op.role === "result") readResult(layer, node);
    readRtInfo(childOf(layer.element, "rt_info"), node.rtInfo);
    return node;
  }

  /** Attributes that the operation's schema has; others are of older or newer versions and mean nothing to it. */
  #attributes(layer: Layer, op: OperationDefinition, data: Readonly<Record<string, string>>): Record<string, AttributeValue> {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, schema] of Object.entries(op.attributes)) {
      const text = data[name];
      if (text === undefined || (schema.kind === "shape" && text === "...")) continue;
      const value = parseAttribute(schema, text);
      if (value === undefined)
        throw error(`attribute "${name}" cannot be read`, this.#where(layer), { expected: schema.kind, got: JSON.stringify(text) });
      attributes[name] = value;
    }
    return attributes;
  }

  /** Names the lengths of inputs that are not known, so that inference can follow them through shape sub-graphs. */
  #withSymbols(op: OperationDefinition, attributes: Record<string, AttributeValue>): Record<string, AttributeValue> {
    const shape = attributes["shape"] as readonly Dimension[] | undefined;
    if (op.role !== "parameter" || shape === undefined) return attributes;
    return { ...attributes, shape: shape.map((d) => (isKnown(d) ? d : symbolic(`d${this.#symbols++}`, d.min, d.max))) };
  }

  #where(layer: Layer): string {
    return `${layer.type} "${layer.name}" (${this.#file})`;
  }
}
