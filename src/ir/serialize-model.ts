import { formatXml, type XmlTree } from "../formats/xml/format-xml.ts";
import { formatAttribute } from "../model/attribute-text.ts";
import type { Model } from "../model/model.ts";
import type { Node, RtInfoValue } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import { elementTypes } from "../tensor/element-type.ts";
import { compressToFloat16 } from "./compress-to-float16.ts";
import { WeightsWriter } from "./weights-writer.ts";

export interface SerializeOptions {
  /** Weights as f16 with a marked Convert to f32 behind each. Default false. */
  readonly compressToFp16?: boolean;
}

/** An IR of version 11: the text of the .xml and the bytes of the .bin. */
export interface SerializedModel {
  readonly xml: string;
  readonly bin: Uint8Array;
}

/** Writes a model as the real toolkit does: layers in topological order, inputs' ports before outputs', shared weights. */
export function serializeModel(model: Model, { compressToFp16 = false }: SerializeOptions = {}): SerializedModel {
  const source = compressToFp16 ? compressToFloat16(model) : model;
  const nodes = source.nodes();
  const ids = new Map(nodes.map((n, i) => [n, String(i)]));
  const weights = new WeightsWriter();
  const layers = nodes.map((n) => layerOf(n, ids.get(n) as string, weights));
  const edges = nodes.flatMap((n) =>
    n.inputs.map((input, i) => edgeOf(ids.get(input.node) as string, portOf(input), ids.get(n) as string, i)),
  );
  const root: XmlTree = {
    name: "net",
    attributes: { name: source.name, version: "11" },
    children: [{ name: "layers", children: layers }, { name: "edges", children: edges }, ...modelRtInfo(source.rtInfo)],
  };
  return { xml: formatXml(root), bin: weights.finish() };
}

/** Output ports are numbered behind the inputs'. */
const portOf = (output: Output): number => output.node.inputs.length + output.index;

const edgeOf = (from: string, fromPort: number, to: string, toPort: number): XmlTree => ({
  name: "edge",
  attributes: { "from-layer": from, "from-port": String(fromPort), "to-layer": to, "to-port": String(toPort) },
});

function layerOf(node: Node, id: string, weights: WeightsWriter): XmlTree {
  const children: XmlTree[] = [];
  const data = dataOf(node, weights);
  if (Object.keys(data).length > 0) children.push({ name: "data", attributes: data });
  if (node.rtInfo.size > 0)
    children.push({
      name: "rt_info",
      children: [...node.rtInfo].map(([name, value]) => ({
        name: "attribute",
        attributes: { name, ...(typeof value === "string" ? { version: "0", value } : value) },
      })),
    });
  if (node.inputs.length > 0) children.push({ name: "input", children: node.inputs.map((o, i) => portElement(o, i, false)) });
  // A Result's output is the model's border, no port of the file.
  if (node.op.role !== "result") children.push({ name: "output", children: node.outputs.map((o) => portElement(o, portOf(o), true)) });
  return {
    name: "layer",
    attributes: { id, name: node.friendlyName, type: node.op.irType ?? node.type, version: node.op.since },
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

function portElement(output: Output, id: number, withNames: boolean): XmlTree {
  const names = [...output.names]
    .toSorted()
    .map((n) => n.replaceAll(",", "\\,"))
    .join(",");
  const dimensions = output.partialShape.dimensions ?? [];
  return {
    name: "port",
    attributes: { id: String(id), precision: elementTypes[output.elementType].precision, ...(withNames && names !== "" && { names }) },
    children: dimensions.map((d: Dimension) => ({ name: "dim", text: isKnown(d) ? String(d) : "-1" })),
  };
}

interface InfoTree {
  value?: string;
  readonly children: Map<string, InfoTree>;
}

function modelRtInfo(info: ReadonlyMap<string, RtInfoValue>): XmlTree[] {
  if (info.size === 0) return [];
  const root: InfoTree = { children: new Map() };
  for (const [path, value] of info) {
    let at = root;
    for (const key of path.split("/")) {
      const next = at.children.get(key) ?? { children: new Map() };
      at.children.set(key, next);
      at = next;
    }
    at.value = typeof value === "string" ? value : JSON.stringify(value);
  }
  return [{ name: "rt_info", children: infoElements(root) }];
}

/** Keys that are no XML names are written as `<info name="...">`. */
const isXmlName = (key: string): boolean => /^[A-Za-z_][\w.-]*$/.test(key);

const infoElements = ({ children }: InfoTree): XmlTree[] =>
  [...children].map(([key, tree]) => ({
    name: isXmlName(key) ? key : "info",
    attributes: { ...(!isXmlName(key) && { name: key }), ...(tree.value !== undefined && { value: tree.value }) },
    children: infoElements(tree),
  }));
