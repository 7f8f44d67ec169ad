import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attributes, AttributeSchema } from "./attribute.ts";
import type { Body, BodySchema } from "./body.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";
import type { ScalarExpression } from "./scalar-expression.ts";
import type { VariableStates } from "./variable-states.ts";

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
export interface InferContext<A extends Attributes = Attributes> {
  readonly inputs: readonly Output[];
  readonly attributes: A;
  /** The node's bodies, inferred for its inputs. */
  readonly bodies: readonly Body[];
  /** Constant data of input `i`, undefined where it is not a constant. */
  constant(i: number): Tensor | undefined;
  /** The integers of input `i` as far as known: of a constant, or propagated through a shape sub-graph. */
  value(i: number): readonly Dimension[] | undefined;
  /** Throws INVALID_MODEL, naming the node. */
  fail(what: string, details?: { readonly expected?: string; readonly got?: string; readonly hint?: string }): never;
}

export interface EvaluateContext<A extends Attributes = Attributes> {
  readonly node: Node;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  /** Output element types, as inferred. */
  readonly outputs: readonly { readonly elementType: ElementType }[];
  /** The variables of the request; absent where there is none, as in constant folding. */
  readonly state?: VariableStates;
}

/** A body to run, by its number, on a tensor for each of its parameters. */
export interface BodyCall {
  readonly body: number;
  readonly inputs: readonly Tensor[];
}

/** Yields the bodies to run one after the other, takes the results of each, and gives the outputs of the node. */
export type Control = Generator<BodyCall, readonly Tensor[], readonly Tensor[]>;

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
  /** Bodies that nodes of this operation have. */
  readonly bodies?: readonly BodySchema[];
  /**
   * The bodies as the node's inputs make their parameters: the same ones where nothing changes. For operations with bodies, before
   * `infer`, which finds them in its context.
   */
  readonly inferBodies?: (context: InferContext) => readonly Body[];
  /** Reference semantics of operations with bodies, in place of `evaluate`: a coroutine, so that each device runs bodies in its own way. */
  readonly control?: (context: EvaluateContext) => Control;
  /** What it does to the variable that its attribute `variable_id` names. */
  readonly state?: "read" | "write";
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
  /** The input whose element says which of the bodies runs: where it is known, that body can take the node's place. */
  readonly choiceInput?: number;
  /** The output only depends on the shape of the first input (ShapeOf). */
  readonly shapeOnly?: boolean;
}
