import { VintnerError } from "../../common/errors.ts";
import { childOf, type XmlElement } from "../../formats/xml/parse-xml.ts";
import { parseAttribute } from "../../model/attribute-text.ts";
import type { AttributeValue } from "../../model/attribute.ts";
import type { Body } from "../../model/body.ts";
import { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { uniqueTensorNames } from "../../model/unique-names.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import { type Dimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import { readConstant } from "./read-constant.ts";
import { type Graph, irError, type Layer, listUnsupported, readGraph, type Source, splitNames } from "./read-layers.ts";
import { readBody } from "./read-port-map.ts";
import { readRtInfo } from "./rt-info.ts";

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
  const graph = readGraph(root, file);
  listUnsupported(graph, file);
  let bytes: RandomAccess | undefined;
  return new Builder({ file, weights: () => (bytes ??= weights()) }, graph, false).build(root.attributes["name"] ?? "model");
}

/** A Result's output is no port of the file: its names stand at the layer, or at the tensor that it passes on. */
function readResult({ element }: Layer, node: Node): void {
  const own = element.attributes["output_names"];
  const [output] = node.outputs;
  for (const name of own === undefined ? node.inputs[0].names : splitNames(own)) output.names.add(name);
}

/** What is the same for a whole file. */
interface IrFile {
  readonly file: string;
  /** Opens the .bin. */
  readonly weights: () => RandomAccess;
}

class Builder {
  readonly #source: IrFile;
  readonly #file: string;
  readonly #graph: Graph;
  readonly #isBody: boolean;
  readonly #nodes = new Map<string, Node>();
  #symbols = 0;

  constructor(source: IrFile, graph: Graph, isBody: boolean) {
    this.#source = source;
    this.#file = source.file;
    this.#graph = graph;
    this.#isBody = isBody;
  }

  build(name: string): Model {
    const { layers, element } = this.#graph;
    for (const layer of layers) this.#make(layer);
    const ofRole = (role: string): Node[] => layers.map((l) => this.#nodes.get(l.id) as Node).filter((n) => n.op.role === role);
    const model = new Model({ name, parameters: ofRole("parameter"), results: ofRole("result"), sinks: ofRole("sink") });
    if (model.results.length === 0 && model.sinks.length === 0) throw irError("the IR has no Result", this.#file);
    if (!this.#isBody) uniqueTensorNames(model);
    // Until 2022 it was called meta_data.
    for (const info of ["meta_data", "rt_info"]) readRtInfo(childOf(element, info), model.rtInfo);
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
        if (entered.has(layer.id)) throw irError("the layers form a cycle", this.#where(layer));
        entered.add(layer.id);
        for (const s of missing) open.push(this.#graph.byId.get(s.layer) as Layer);
      }
    }
  }

  #sources(layer: Layer): Source[] {
    return layer.inputPorts.map((port) => {
      const source = this.#graph.edges.get(`${layer.id}:${port}`);
      if (source === undefined) throw irError(`input port ${port} is not connected`, this.#where(layer));
      return source;
    });
  }

  #node(layer: Layer): Node {
    const op = layer.op as OperationDefinition;
    const inputs = this.#sources(layer).map((s): Output => {
      const from = this.#graph.byId.get(s.layer) as Layer;
      const index = from.outputPorts.findIndex((p) => p.id === s.port);
      const output = (this.#nodes.get(s.layer) as Node).outputs[index];
      if (output === undefined) throw irError(`an edge starts at output ${index}, which the operation does not have`, this.#where(from));
      return output;
    });
    const data = childOf(layer.element, "data")?.attributes ?? {};
    const options = { friendlyName: layer.name, source: this.#file };
    const node =
      op.role === "constant"
        ? constantNode(readConstant(data, this.#source.weights, this.#where(layer)), options)
        : new Node(op, inputs, this.#withSymbols(op, this.#attributes(layer, op, data)), { ...options, ...this.#bodies(layer, op) });
    for (const [i, port] of layer.outputPorts.entries()) {
      const output = node.outputs[i];
      if (output === undefined)
        throw irError("the layer has more output ports than its operation has outputs", this.#where(layer), {
          expected: `${node.outputs.length}`,
          got: `${layer.outputPorts.length}`,
        });
      const rank = output.partialShape.rank;
      if (rank !== undefined && port.dimensions > 0 && rank !== port.dimensions)
        throw irError(`output ${i} has another rank than the file says`, this.#where(layer), {
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

  #bodies(layer: Layer, { bodies = [] }: OperationDefinition): { readonly bodies?: readonly Body[] } {
    if (bodies.length === 0) return {};
    return {
      bodies: bodies.map((schema, i) => {
        const graph = layer.bodies[i];
        const model = new Builder(this.#source, graph, true).build(schema.name);
        return readBody(layer, schema, graph, model, this.#where(layer));
      }),
    };
  }

  /** Attributes that the operation's schema has; others are of older or newer versions and mean nothing to it. */
  #attributes(layer: Layer, op: OperationDefinition, data: Readonly<Record<string, string>>): Record<string, AttributeValue> {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, schema] of Object.entries(op.attributes)) {
      const text = data[name];
      if (text === undefined || (schema.kind === "shape" && text === "...")) continue;
      const value = parseAttribute(schema, text);
      if (value === undefined)
        throw irError(`attribute "${name}" cannot be read`, this.#where(layer), { expected: schema.kind, got: JSON.stringify(text) });
      attributes[name] = value;
    }
    return attributes;
  }

  /** Names the lengths of the model's inputs that are not known, so that inference can follow them through shape sub-graphs. */
  #withSymbols(op: OperationDefinition, attributes: Record<string, AttributeValue>): Record<string, AttributeValue> {
    const shape = attributes["shape"] as readonly Dimension[] | undefined;
    if (op.role !== "parameter" || shape === undefined || this.#isBody) return attributes;
    return { ...attributes, shape: shape.map((d) => (isKnown(d) ? d : symbolic(`d${this.#symbols++}`, d.min, d.max))) };
  }

  #where(layer: Layer): string {
    return `${layer.type} "${layer.name}" (${this.#file})`;
  }
}
