import { elementType, ints } from "../../model/attribute.ts";
import { Node, type NodeOptions } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";

/** Data of the model. The tensor is the node's `constant`; it may be a view on a file's bytes. */
export const Constant = defineOp({
  type: "Constant",
  irType: "Const",
  since: "opset1",
  role: "constant",
  inputs: 0,
  attributes: { element_type: elementType(), shape: ints() },
  infer: ({ attributes }) => [{ elementType: attributes.element_type, shape: new PartialShape(attributes.shape) }],
  evaluate: ({ node }) => [node.constant as Tensor],
});

/** Makes a Constant of a tensor. */
export const constantNode = (tensor: Tensor, options: Omit<NodeOptions, "constant"> = {}): Node =>
  new Node(Constant, [], { element_type: tensor.elementType, shape: tensor.shape }, { ...options, constant: tensor });

/** Makes a Constant's output. A number without shape is a scalar. */
export function constant(type: ElementType, values: number | readonly number[], shape?: readonly number[], options?: NodeOptions): Output {
  const list = typeof values === "number" ? [values] : values;
  return constantNode(new Tensor(type, shape ?? (typeof values === "number" ? [] : [list.length]), list), options).outputs[0];
}
