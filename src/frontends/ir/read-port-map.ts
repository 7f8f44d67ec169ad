import { childOf, childrenOf, type XmlElement } from "../../formats/xml/parse-xml.ts";
import type { Body, BodyInput, BodyOutput, BodySchema, Slices } from "../../model/body.ts";
import type { Model } from "../../model/model.ts";
import { type Graph, irError, type Layer } from "./read-layers.ts";

/** A body with its port map: `<port_map>` and `<back_edges>` beside it, whose `internal_layer_id`s are layers of the body. */
export function readBody(layer: Layer, schema: BodySchema, graph: Graph, model: Model, where: string): Body {
  const numbers = (role: string): Map<string, number> =>
    new Map(graph.layers.filter((l) => l.op?.role === role).map((l, i) => [l.id, i] as const));
  const [parameters, results] = [numbers("parameter"), numbers("result")];
  const fail = (what: string, { attributes }: XmlElement): never => {
    throw irError(`${what} in its <${schema.portMap}>`, where, { got: JSON.stringify(attributes) });
  };
  const inside = (element: XmlElement, layers: ReadonlyMap<string, number>): number =>
    layers.get(element.attributes["internal_layer_id"] ?? "") ?? fail("a layer does not exist", element);
  const outside = (element: XmlElement, ports: readonly string[]): number => {
    const port = ports.indexOf(element.attributes["external_port_id"] ?? "");
    return port < 0 ? fail("a port does not exist", element) : port;
  };
  const backEdges = new Map<number, number>();
  for (const edge of childrenOf(childOf(layer.element, "back_edges"), "edge")) {
    const { "from-layer": from = "", "to-layer": to = "" } = edge.attributes;
    const [result, parameter] = [results.get(from), parameters.get(to)];
    if (result === undefined || parameter === undefined)
      throw irError("a back edge joins layers that do not exist", where, { got: `${from} to ${to}` });
    backEdges.set(parameter, result);
  }
  const slices = (element: XmlElement): Slices | undefined => {
    const { axis, start = "0", end = "-1", stride = "1", part_size: partSize = "1" } = element.attributes;
    if (axis === undefined) return undefined;
    const [a, s, e, d, p] = [axis, start, end, stride, partSize].map(Number);
    return { axis: a, start: s, end: e, stride: d, partSize: p };
  };
  const inputs: BodyInput[] = [];
  const outputs: BodyOutput[] = [];
  let condition: number | undefined;
  const map = childOf(layer.element, schema.portMap);
  for (const element of childrenOf(map, "input")) {
    const { purpose } = element.attributes;
    if (purpose !== undefined && purpose !== "current_iteration") continue;
    const parameter = inside(element, parameters);
    if (purpose !== undefined) {
      inputs.push({ kind: "iteration", parameter });
      continue;
    }
    const input = outside(element, layer.inputPorts);
    const parts = slices(element);
    const result = backEdges.get(parameter);
    if (parts !== undefined) inputs.push({ kind: "sliced", parameter, input, ...parts });
    else if (result !== undefined) inputs.push({ kind: "merged", parameter, input, result });
    else inputs.push({ kind: "invariant", parameter, input });
  }
  for (const element of childrenOf(map, "output")) {
    const result = inside(element, results);
    if (element.attributes["purpose"] === "execution_condition") condition = result;
    // The condition may be an output of the node as well.
    if (element.attributes["purpose"] !== undefined && Number(element.attributes["external_port_id"] ?? -1) < 0) continue;
    const output = outside(
      element,
      layer.outputPorts.map((p) => p.id),
    );
    const parts = slices(element);
    outputs.push(parts === undefined ? { kind: "last", result, output } : { kind: "concatenated", result, output, ...parts });
  }
  return { model, inputs, outputs, ...(condition !== undefined && { condition }) };
}
