import { VintnerError } from "../common/errors.ts";
import type { Dimension } from "../tensor/dimension.ts";
import { isInteger } from "../tensor/element-type.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attributes, AttributeValue } from "./attribute.ts";
import { type Body, validateBodies } from "./body.ts";
import type { InferContext, OperationDefinition, OutputSpec } from "./operation.ts";
import { sizeProblem } from "./check-sizes.ts";
import { Output } from "./output.ts";
import { validateAttributes } from "./validate-attributes.ts";

/**
 * A value of runtime information: a string, the attributes of a versioned entry of a node (`old_api_map_order` ...), or a
 * tree of a model (`conversion_parameters` ...).
 */
export type RtInfoValue = string | { readonly [key: string]: RtInfoValue };

export interface NodeOptions {
  readonly friendlyName?: string;
  /** Data of a Constant. */
  readonly constant?: Tensor;
  /** The graphs inside, for operations that have some. They become the node's. */
  readonly bodies?: readonly Body[];
  /** Where an error points, besides the node: the source file. */
  readonly source?: string;
}

const noBodies: readonly Body[] = [];

let counter = 0;
/** Elements up to which integer constants take part in value propagation. */
const maxPropagatedElements = 4096;

/** An application of an operation. Attributes and data never change; inputs only through Model's own rewiring. */
export class Node {
  readonly op: OperationDefinition;
  readonly attributes: Attributes;
  readonly constant: Tensor | undefined;
  readonly outputs: readonly Output[];
  /** How many bodies are inside each other: 0 for a node without. */
  readonly bodyDepth: number;
  readonly rtInfo: Map<string, RtInfoValue> = new Map();
  friendlyName: string;
  private readonly source: string | undefined;
  #inputs: Output[];
  #bodies: readonly Body[];

  /** Checks arity and attributes, then infers the outputs. Throws INVALID_MODEL naming the node. */
  constructor(
    op: OperationDefinition,
    inputs: readonly Output[],
    attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
    options: NodeOptions = {},
  ) {
    this.op = op;
    this.friendlyName = options.friendlyName ?? `${op.type}_${counter++}`;
    this.source = options.source;
    this.constant = options.constant;
    this.#inputs = [...inputs];
    const [least, most] = typeof op.inputs === "number" ? [op.inputs, op.inputs] : op.inputs;
    if (inputs.length < least || inputs.length > most)
      this.fail("wrong number of inputs", {
        expected: least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`,
        got: `${inputs.length}`,
      });
    this.attributes = validateAttributes(op, attributes, (what, details) => this.fail(what, details));
    this.#bodies = options.bodies ?? noBodies;
    this.bodyDepth =
      op.bodies === undefined && options.bodies === undefined
        ? 0
        : validateBodies(op.bodies ?? [], this.#bodies, inputs.length, (what, details) => this.fail(what, details));
    this.#bodies = this.#inferBodies();
    this.outputs = this.#inferSpecs(this.#bodies).map((spec, i) => new Output(this, i, spec.elementType, spec.shape, spec.value));
  }

  get inputs(): readonly Output[] {
    return this.#inputs;
  }

  /** The graphs inside, inferred for the inputs. They may be rewritten in place. */
  get bodies(): readonly Body[] {
    return this.#bodies;
  }

  /** OpenVINO's type name. */
  get type(): string {
    return this.op.type;
  }

  /** `Convolution "conv1" (model.onnx)`: how errors name this node. */
  get where(): string {
    return `${this.op.type} "${this.friendlyName}"${this.source === undefined ? "" : ` (${this.source})`}`;
  }

  get sourceFile(): string | undefined {
    return this.source;
  }

  fail(what: string, details: { readonly expected?: string; readonly got?: string; readonly hint?: string } = {}): never {
    throw new VintnerError("INVALID_MODEL", { what, where: this.where, ...details });
  }

  /** Points input `i` at another output. For the graph's own rewiring; call `reinfer` on what follows. */
  setInput(i: number, output: Output): void {
    this.#inputs[i] = output;
  }

  /** What inference says of the outputs now; they stay as they are. */
  inferOutputs(): readonly OutputSpec[] {
    return this.#inferSpecs(this.#inferBodies());
  }

  /** Recomputes the outputs' types and shapes from the inputs, those inside bodies too. True where something changed. */
  reinfer(): boolean {
    let changed = false;
    this.#bodies = this.#inferBodies();
    const specs = this.#inferSpecs(this.#bodies);
    for (const [i, spec] of specs.entries()) {
      const output = this.outputs[i];
      if (output.elementType !== spec.elementType || output.partialShape.toString() !== spec.shape.toString()) changed = true;
      output.elementType = spec.elementType;
      output.partialShape = spec.shape;
      output.value = spec.value;
    }
    return changed;
  }

  #inferBodies(): readonly Body[] {
    return this.op.inferBodies === undefined ? this.#bodies : this.op.inferBodies(this.#inferContext(this.#bodies));
  }

  #inferSpecs(bodies: readonly Body[]): readonly OutputSpec[] {
    const specs = this.op.infer(this.#inferContext(bodies));
    for (const spec of specs) {
      const problem = sizeProblem(spec);
      if (problem !== undefined) this.fail(problem, { got: `${spec.elementType}${spec.shape}`, hint: "Check the shapes that are given" });
    }
    return specs;
  }

  #inferContext(bodies: readonly Body[]): InferContext {
    const inputs = this.#inputs;
    return {
      inputs,
      attributes: this.attributes,
      bodies,
      constant: (i) => inputs[i]?.node.constant,
      value: (i) => (inputs[i] === undefined ? undefined : knownValue(inputs[i])),
      fail: (what, details) => this.fail(what, details),
    };
  }
}

/** The integers of an output as far as known. */
export function knownValue(output: Output): readonly Dimension[] | undefined {
  if (output.value !== undefined) return output.value;
  const tensor = output.node.constant;
  if (tensor === undefined || tensor.size > maxPropagatedElements) return undefined;
  if (!isInteger(tensor.elementType) && tensor.elementType !== "boolean") return undefined;
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

export const node = (
  op: OperationDefinition,
  inputs: readonly Output[],
  attributes?: Readonly<Record<string, AttributeValue | undefined>>,
  options?: NodeOptions,
): Node => new Node(op, inputs, attributes, options);
