import { formatXml, type XmlTree } from "../formats/xml/format-xml.ts";
import { formatAttribute } from "../model/attribute-text.ts";
import type { BodySchema } from "../model/body.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import { elementTypes } from "../tensor/element-type.ts";
import { compressToFloat16, type Fp16Weights } from "./compress-to-float16.ts";
import { formatAttributes, formatModelInfo } from "./format-rt-info.ts";
import { formatPortMaps } from "./format-port-map.ts";
import { layerOrder } from "./layer-order.ts";
import { WeightsWriter } from "./weights-writer.ts";

export interface SerializeOptions {
  /** Weights as f16 with a marked Convert to f32 behind each. Default false. */
  readonly compressToFp16?: boolean;
  /** Which weights that concerns. Default "all", as in OpenVINO, and "mixed" for a model that was written so. */
  readonly fp16Weights?: Fp16Weights;
}

/** An IR of version 11: the text of the .xml and the bytes of the .bin. */
export interface SerializedModel {
  readonly xml: string;
  readonly bin: Uint8Array;
}

/**
 * Writes a model as the real toolkit does: the same text, but for the offsets of constants, which are aligned here so
 * that readers can use them in place.
 */
export function serializeModel(model: Model, options: SerializeOptions = {}): SerializedModel {
  const { xml, weights } = writeLayers(model, options);
  return { xml, bin: weights.finish() };
}

/** The same with the .bin in pieces, for files: weights are not copied, and may be more than one array holds. */
export function serializeInPieces(model: Model, options: SerializeOptions): { readonly xml: string; readonly bin: readonly Uint8Array[] } {
  const { xml, weights } = writeLayers(model, options);
  return { xml, bin: weights.pieces() };
}

function writeLayers(model: Model, { compressToFp16 = false, fp16Weights }: SerializeOptions): { xml: string; weights: WeightsWriter } {
  const source = compressToFp16 ? compressToFloat16(model, fp16Weights) : model;
  const weights = new WeightsWriter();
  const root = { name: "net", attributes: { name: source.name, version: "11" }, children: contentsOf(source, weights) };
  return { xml: formatXml(root), weights };
}

/** The contents of `<net>`, and of a body. */
function contentsOf(model: Model, weights: WeightsWriter): XmlTree[] {
  const nodes = layerOrder(model);
  const ids = new Map(nodes.map((n, i) => [n, i]));
  const layers = nodes.map((n) => layerOf(n, ids.get(n) as number, weights));
  return [{ name: "layers", children: layers }, { name: "edges", children: edgesOf(nodes, ids) }, formatModelInfo(model.rtInfo)];
}

/** Output ports are numbered behind the inputs'. */
const portOf = (output: Output): number => output.node.inputs.length + output.index;

/** In the order of where they start, then of where they end. */
function edgesOf(nodes: readonly Node[], ids: ReadonlyMap<Node, number>): XmlTree[] {
  const edges = nodes.flatMap((node) => node.inputs.map((from, to) => [ids.get(from.node), portOf(from), ids.get(node), to] as number[]));
  const names = ["from-layer", "from-port", "to-layer", "to-port"];
  return edges
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3])
    .map((edge) => ({ name: "edge", attributes: Object.fromEntries(names.map((name, i) => [name, String(edge[i])])) }));
}

function layerOf(node: Node, id: number, weights: WeightsWriter): XmlTree {
  const isResult = node.op.role === "result";
  const data = dataOf(node, weights);
  const children: XmlTree[] = formatPortMaps(node);
  if (Object.keys(data).length > 0) children.push({ name: "data", attributes: data });
  children.push(...formatAttributes(node.rtInfo));
  if (node.inputs.length > 0)
    children.push({
      name: "input",
      children: node.inputs.map((input, i) => portElement(input, i)),
    });
  // A Result's output is the model's border, no port of the file.
  if (!isResult)
    children.push({
      name: "output",
      children: node.outputs.map((o) => portElement(o, portOf(o), formatAttributes(o.rtInfo), joinNames(o.names))),
    });
  for (const [i, { model }] of node.bodies.entries())
    children.push({ name: (node.op.bodies as readonly BodySchema[])[i].name, children: contentsOf(model, weights) });
  const outputNames = isResult ? joinNames(node.outputs[0].names) : "";
  return {
    name: "layer",
    attributes: {
      id: String(id),
      name: node.friendlyName,
      type: node.op.irType ?? node.type,
      version: node.op.since,
      ...(outputNames !== "" && { output_names: outputNames }),
    },
    children,
  };
}

function dataOf(node: Node, weights: WeightsWriter): Record<string, string> {
  if (node.constant) {
    const { elementType, shape } = node.constant;
    const { offset, size } = weights.add(node.constant.bytes);
    return { element_type: elementType, shape: shape.join(", "), offset: String(offset), size: String(size) };
  }
  const data: Record<string, string> = {};
  for (const [name, schema] of Object.entries(node.op.attributes)) {
    const value = node.attributes[name];
    if (value !== undefined) data[name] = formatAttribute(schema, value);
    else if (schema.kind === "shape") data[name] = "...";
  }
  return data;
}

/** Sorted and joined by commas; a comma inside a name is escaped by a backslash. */
const joinNames = (names: ReadonlySet<string>): string =>
  [...names]
    .toSorted()
    .map((n) => n.replaceAll(",", "\\,"))
    .join(",");

function portElement({ elementType, partialShape }: Output, id: number, rtInfo: readonly XmlTree[] = [], names = ""): XmlTree {
  const dimensions = partialShape.dimensions ?? [];
  return {
    name: "port",
    attributes: { id: String(id), precision: elementTypes[elementType].precision, ...(names !== "" && { names }) },
    children: [...dimensions.map((d: Dimension) => ({ name: "dim", text: isKnown(d) ? String(d) : "-1" })), ...rtInfo],
  };
}
