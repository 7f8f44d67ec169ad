import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import { topologicalOrder } from "../model/topological-order.ts";

/**
 * The order in which OpenVINO writes layers: parameters, then what computes, found depth first from the last result to
 * the first and from each first input on, then sinks, then results.
 */
export function layerOrder(model: Model): Node[] {
  const borders = new Set([...model.parameters, ...model.sinks, ...model.results]);
  const inner = topologicalOrder([...model.sinks.toReversed(), ...model.results.toReversed()]).filter((node) => !borders.has(node));
  return [...model.parameters, ...inner, ...model.sinks, ...model.results];
}
