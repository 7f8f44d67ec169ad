import type { XmlTree } from "../formats/xml/format-xml.ts";
import type { Body, BodyInput, BodyOutput, BodySchema } from "../model/body.ts";
import type { Node } from "../model/node.ts";
import { layerOrder } from "./layer-order.ts";

/** The port maps of a node, the last body's first as OpenVINO writes them, and the back edges of loops. */
export function formatPortMaps(node: Node): XmlTree[] {
  const schemas = node.op.bodies ?? [];
  return node.bodies.flatMap((body, i) => formatPortMap(schemas[i], body, node.inputs.length)).toReversed();
}

function formatPortMap(schema: BodySchema, body: Body, inputCount: number): XmlTree[] {
  const ids = new Map(layerOrder(body.model).map((node, id) => [node, String(id)]));
  const parameter = (i: number): string => ids.get(body.model.parameters[i]) as string;
  const result = (i: number): string => ids.get(body.model.results[i]) as string;
  const inputs = body.inputs.flatMap((input) =>
    input.kind === "iteration" ? [] : [port("input", input, input.input, parameter(input.parameter))],
  );
  const outputs = body.outputs.map((output) => port("output", output, inputCount + output.output, result(output.result)));
  const iterations = body.inputs.flatMap((input) =>
    input.kind === "iteration" ? [special("input", "current_iteration", parameter(input.parameter))] : [],
  );
  const conditions = body.condition === undefined ? [] : [special("output", "execution_condition", result(body.condition))];
  const map = { name: schema.portMap, children: [...inputs, ...outputs, ...iterations, ...conditions] };
  const backEdges = body.inputs.flatMap((input) =>
    input.kind === "merged"
      ? [{ name: "edge", attributes: { "from-layer": result(input.result), "to-layer": parameter(input.parameter) } }]
      : [],
  );
  const isLoop = schema.inputs.includes("merged");
  return isLoop ? [{ name: "back_edges", children: backEdges }, map] : [map];
}

function port(name: "input" | "output", of: BodyInput | BodyOutput, external: number, internal: string): XmlTree {
  const slices = "axis" in of ? of : undefined;
  return {
    name,
    attributes: {
      ...(slices && { axis: String(slices.axis) }),
      external_port_id: String(external),
      internal_layer_id: internal,
      ...(slices && {
        start: String(slices.start),
        end: String(slices.end),
        stride: String(slices.stride),
        part_size: String(slices.partSize),
      }),
    },
  };
}

const special = (name: "input" | "output", purpose: string, internal: string): XmlTree => ({
  name,
  attributes: { external_port_id: "-1", internal_layer_id: internal, purpose },
});
