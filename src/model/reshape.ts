import { VintnerError } from "../common/errors.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import { cloneModel } from "./clone.ts";
import type { Model } from "./model.ts";
import { Node } from "./node.ts";

/**
 * A copy of a model with other input shapes, by input name or index, inferred anew. The model itself stays as it is.
 * Throws INVALID_ARGUMENT for inputs that do not exist, INVALID_MODEL where an operation does not accept the shapes.
 */
export function reshapeModel(model: Model, shapes: ReadonlyMap<string | number, PartialShape>): Model {
  const byParameter = new Map<Node, PartialShape>();
  for (const [key, shape] of shapes) {
    const { node } = model.input(key);
    const known = byParameter.get(node);
    if (known && known.toString() !== shape.toString())
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "an input was given two shapes",
        where: node.where,
        got: `${known} and ${shape}`,
      });
    byParameter.set(node, shape);
  }
  return cloneModel(model, (parameter) => {
    const shape = byParameter.get(parameter);
    return shape && withShape(parameter, shape);
  });
}

function withShape(parameter: Node, shape: PartialShape): Node {
  const copy = new Node(parameter.op, [], { ...parameter.attributes, shape: shape.dimensions }, { friendlyName: parameter.friendlyName });
  for (const name of parameter.outputs[0].names) copy.outputs[0].names.add(name);
  for (const [key, value] of parameter.rtInfo) copy.rtInfo.set(key, value);
  for (const [key, value] of parameter.outputs[0].rtInfo) copy.outputs[0].rtInfo.set(key, value);
  return copy;
}
