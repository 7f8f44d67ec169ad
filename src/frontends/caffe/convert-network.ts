import { VintnerError } from "../../common/errors.ts";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { uniqueFriendlyNames } from "../../model/unique-names.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { BlobsByLayer } from "./blobs.ts";
import { CaffeLayer } from "./caffe-layer.ts";
import { findLayer, isDataLayer, isReportLayer } from "./layers.ts";
import type { CaffeNetwork, LayerText } from "./read-network.ts";

/** Layers of one type that are named in an error. */
const mostNamed = 5;

/** Throws one UNSUPPORTED_OPERATION that lists every type of layer without a mapping, with its layers. */
function checkLayers(layers: readonly LayerText[], file: string): void {
  const missing = new Map<string, string[]>();
  for (const { type, name } of layers)
    if (findLayer(type) === undefined && !isDataLayer(type) && !isReportLayer(type))
      missing.set(type, [...(missing.get(type) ?? []), JSON.stringify(name)]);
  if (missing.size === 0) return;
  const list = [...missing].map(([type, names]) => {
    const more = names.length > mostNamed ? `, and ${names.length - mostNamed} more` : "";
    return `${type} (${names.slice(0, mostNamed).join(", ")}${more})`;
  });
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${missing.size === 1 ? "a type of layer is" : `${missing.size} types of layers are`} not supported: ${list.join("; ")}`,
    where: file,
    hint: "Convert only a part of the network by naming its outputs; docs/support.md lists what is supported",
  });
}

/** The shape of a data layer's top, as far as the text tells. */
function dataShape(layer: LayerText, top: number, file: string): PartialShape {
  const input = layer.fields.sub("input_param").messages("shape");
  const dummy = layer.fields.sub("dummy_data_param");
  const shapes = [...input, ...dummy.messages("shape")].map((s) => s.ints("dim"));
  const shape = shapes[top] ?? shapes[0];
  if (shape) return new PartialShape(shape);
  const memory = layer.fields.sub("memory_data_param");
  const legacy = ["num", "channels", "height", "width"].map((d) => dummy.ints(d)[top] ?? dummy.ints(d)[0]);
  if (legacy.every((d) => d !== undefined)) return new PartialShape(legacy);
  const ofMemory = ["batch_size", "channels", "height", "width"].map((d) => memory.int(d));
  if (top === 0 && ofMemory.every((d) => d !== undefined)) return new PartialShape(ofMemory as number[]);
  throw new VintnerError("INVALID_MODEL", {
    what: `the layer does not say what shape its top "${layer.tops[top]}" has`,
    where: `${layer.type} "${layer.name}" (${file})`,
    hint: "Use a deploy.prototxt, whose inputs have shapes",
  });
}

/** Converts a network with its weights. Throws UNSUPPORTED_OPERATION listing all layers without a mapping, INVALID_MODEL, UNSUPPORTED. */
export function convertNetwork(network: CaffeNetwork, blobs: BlobsByLayer, file: string): Model {
  checkLayers(network.layers, file);
  const parameters: Node[] = [];
  /** The tensor that a name means at this point: layers may overwrite their bottoms. */
  const current = new Map<string, Output>();
  const unread = new Set<string>();
  const addInput = (name: string, shape: PartialShape): void => {
    const made = parameter("f32", shape, name);
    parameters.push(made);
    current.set(name, made.outputs[0]);
  };
  for (const { name, shape } of network.inputs) addInput(name, new PartialShape(shape));
  for (const layer of network.layers) {
    if (isReportLayer(layer.type)) continue;
    if (isDataLayer(layer.type)) {
      // Labels feed only what training needs.
      const tops = layer.type === "Input" || layer.type === "DummyData" ? layer.tops : layer.tops.slice(0, 1);
      for (const [i, top] of tops.entries()) addInput(top, dataShape(layer, i, file));
      continue;
    }
    const inputs = layer.bottoms.map((name) => {
      const output = current.get(name);
      if (output) return output;
      throw new VintnerError("INVALID_MODEL", {
        what: `nothing makes the bottom ${JSON.stringify(name)}`,
        where: `${layer.type} "${layer.name}" (${file})`,
        hint: "A deploy.prototxt has an input for it",
      });
    });
    for (const name of layer.bottoms) unread.delete(name);
    convertLayer(new CaffeLayer(layer, inputs, blobs.get(layer.name), file), current);
    for (const top of layer.tops) unread.add(top);
  }
  const results = [...unread].map((name) => result(current.get(name) as Output, `${name}/sink_port_0`));
  const model = new Model({ name: network.name, parameters, results });
  uniqueFriendlyNames(model);
  return model;
}

/** Builds a layer's operations, and lets its tops mean what they give. */
function convertLayer(layer: CaffeLayer, current: Map<string, Output>): void {
  const mapped = (findLayer(layer.type) as NonNullable<ReturnType<typeof findLayer>>)(layer);
  const outputs = Array.isArray(mapped) ? (mapped as readonly Output[]) : [mapped as Output];
  if (outputs.length < layer.tops.length)
    layer.fail("it has more tops than the layer gives", { expected: `${outputs.length}`, got: `${layer.tops.length}` });
  const makers = new Set(outputs.map((o) => o.node));
  for (const [i, top] of layer.tops.entries()) {
    const output = outputs[i];
    if (layer.made.has(output.node)) output.node.friendlyName = makers.size > 1 ? `${layer.name}_${top}` : layer.name;
    // The tensor of a name is the last one of that name, as users see it.
    current.get(top)?.names.delete(top);
    if (output.node.op.role !== "parameter") output.names.add(top);
    current.set(top, output);
  }
}
