import { elementType, shape } from "../../model/attribute.ts";
import { Node } from "../../model/node.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { defineOp } from "../define-op.ts";

/** An input of the model. `rank_known` is false where even the rank is unknown. */
export const Parameter = defineOp({
  type: "Parameter",
  since: "opset1",
  role: "parameter",
  inputs: 0,
  attributes: { shape: shape(null), element_type: elementType() },
  infer: ({ attributes }) => [
    {
      elementType: attributes.element_type,
      shape: new PartialShape(attributes.shape),
    },
  ],
});

/** Makes a Parameter; its tensor name is its friendly name unless names are given. */
export function parameter(
  type: ElementType,
  partialShape: PartialShape,
  friendlyName: string,
  names: readonly string[] = [friendlyName],
): Node {
  const node = new Node(Parameter, [], { element_type: type, shape: partialShape.dimensions }, { friendlyName });
  for (const name of names) node.outputs[0].names.add(name);
  return node;
}
