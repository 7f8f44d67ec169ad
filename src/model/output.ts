import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import type { Node, RtInfoValue } from "./node.ts";

/** One output of a node: what other nodes take as input. */
export class Output {
  readonly node: Node;
  readonly index: number;
  /** Set by shape inference; never by hand. */
  elementType: ElementType;
  partialShape: PartialShape;
  /** Known small integers, see OutputSpec.value. */
  value: readonly Dimension[] | undefined;
  /** Tensor names, as the source model gave them. */
  readonly names: Set<string> = new Set();
  /** Runtime information of the tensor: `layout`. */
  readonly rtInfo: Map<string, RtInfoValue> = new Map();

  constructor(node: Node, index: number, elementType: ElementType, partialShape: PartialShape, value?: readonly Dimension[]) {
    this.node = node;
    this.index = index;
    this.elementType = elementType;
    this.partialShape = partialShape;
    this.value = value;
  }

  /** The first tensor name, or the node's friendly name (with `:index` where it has several outputs). */
  get anyName(): string {
    const first = this.names.values().next();
    if (!first.done) return first.value;
    return this.node.outputs.length > 1 ? `${this.node.friendlyName}:${this.index}` : this.node.friendlyName;
  }

  /** The lengths; throws where the shape is dynamic. */
  get shape(): number[] {
    return this.partialShape.toShape(`output ${this.anyName}`);
  }

  getAnyName(): string {
    return this.anyName;
  }
  getShape(): number[] {
    return this.shape;
  }
  getPartialShape(): PartialShape {
    return this.partialShape;
  }
  getElementType(): ElementType {
    return this.elementType;
  }
  /** The node's constant data, where it is a constant. */
  get constant(): import("../tensor/tensor.ts").Tensor | undefined {
    return this.node.constant;
  }

  toString(): string {
    return `${this.elementType}${this.partialShape}`;
  }
}
