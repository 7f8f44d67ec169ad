import { VintnerError } from "../common/errors.ts";
import { isKnown } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
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
    return shape && withType(parameter, { elementType: parameter.outputs[0].elementType, shape });
  });
}

/** What a parameter takes. */
export interface ParameterType {
  readonly elementType: ElementType;
  readonly shape: PartialShape;
}

/** A model whose parameters are of these types, by index: the model itself where they are already, else a copy inferred anew. */
export function retypeModel(model: Model, types: ReadonlyMap<number, ParameterType>): Model {
  if (hasTypes(model, types)) return model;
  return cloneModel(model, (parameter, index) => {
    const type = types.get(index);
    return type === undefined || isOfType(parameter, type) ? undefined : withType(parameter, type);
  });
}

/** Whether a model's parameters are of these types, by index. */
export const hasTypes = (model: Model, types: ReadonlyMap<number, ParameterType>): boolean =>
  [...types].every(([i, type]) => isOfType(model.parameters[i], type));

const isOfType = ({ outputs: [output] }: Node, { elementType, shape }: ParameterType): boolean =>
  elementType === output.elementType && sameShape(shape, output.partialShape);

/** The same knowledge, symbols included. */
function sameShape({ dimensions: a }: PartialShape, { dimensions: b }: PartialShape): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.length === b.length &&
    a.every((x, i) => {
      const y = b[i];
      return isKnown(x) || isKnown(y) ? x === y : x.min === y.min && x.max === y.max && x.symbol === y.symbol;
    })
  );
}

function withType(parameter: Node, { elementType, shape }: ParameterType): Node {
  const attributes = { ...parameter.attributes, element_type: elementType, shape: shape.dimensions };
  const copy = new Node(parameter.op, [], attributes, { friendlyName: parameter.friendlyName });
  for (const name of parameter.outputs[0].names) copy.outputs[0].names.add(name);
  for (const [key, value] of parameter.rtInfo) copy.rtInfo.set(key, value);
  for (const [key, value] of parameter.outputs[0].rtInfo) copy.outputs[0].rtInfo.set(key, value);
  return copy;
}
