import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attributes, AttributeSchema } from "./attribute.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";
import type { ScalarExpression } from "./scalar-expression.ts";

/** `opset1` to `opset16`. */
export type Opset = `opset${number}`;

/** What shape inference says of one output. */
export interface OutputSpec {
  readonly elementType: ElementType;
  readonly shape: PartialShape;
  /** The elements, as far as known, in row-major order: of small integer tensors in shape sub-graphs. */
  readonly value?: readonly Dimension[];
}

/** What shape inference may look at. Accessors throw typed errors that name the node. */
export interface InferContext {
  readonly inputs: readonly Output[];
  readonly attributes: Attributes;
  /** Constant data of input `i`, undefined where it is not a constant. */
  constant(i: number): Tensor | undefined;
  /** The integers of input `i` as far as known: of a constant, or propagated through a shape sub-graph. */
  value(i: number): readonly Dimension[] | undefined;
  /** Throws INVALID_MODEL, naming the node. */
  fail(what: string, details?: { readonly expected?: string; readonly got?: string; readonly hint?: string }): never;
}

export interface EvaluateContext {
  readonly node: Node;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  /** Output element types, as inferred. */
  readonly outputs: readonly { readonly elementType: ElementType }[];
}

/** One version of one operation. Frozen data; the only place that knows the operation. */
export interface OperationDefinition {
  /** OpenVINO's class name. */
  readonly type: string;
  /** The type in IR files where it differs from the class name (`ReLU`, `SoftMax`, `Const`). */
  readonly irType?: string;
  /** The opset that introduced this version. */
  readonly since: Opset;
  /** In the order in which OpenVINO writes them. */
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
  /** How many inputs it takes: a number, or least and most. */
  readonly inputs: number | readonly [number, number];
  /** Graph borders and state; absent for computations. */
  readonly role?: "parameter" | "constant" | "result" | "sink";
  readonly infer: (context: InferContext) => readonly OutputSpec[];
  /** Reference semantics on tensors, correct before fast. Absent where the op cannot be run (Parameter). */
  readonly evaluate?: (context: EvaluateContext) => readonly Tensor[];
  /** Element-wise operations with numpy broadcasting: the expression over inputs x0, x1, ... */
  readonly scalar?: (inputs: readonly ScalarExpression[], attributes: Attributes) => ScalarExpression;
  /** Composite operations: a small graph of other operations with the same outputs. Devices use it where they have no kernel. */
  readonly decompose?: (node: Node) => readonly Output[] | undefined;
  /** The output depends on more than the inputs (random numbers, state): never folded. */
  readonly impure?: boolean;
  /** Inputs whose elements decide the output's shape (the target of Reshape, the scales of Interpolate). */
  readonly shapeInputs?: readonly number[];
  /**
   * Those elements also say which elements are taken (StridedSlice, Pad): equal shapes come with ever new ones, so a device does not
   * compile anew for each.
   */
  readonly positional?: boolean;
  /** The output only depends on the shape of the first input (ShapeOf). */
  readonly shapeOnly?: boolean;
}
