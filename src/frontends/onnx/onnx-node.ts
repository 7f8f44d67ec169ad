import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Output } from "../../model/output.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { OperationBuilder } from "../operation-builder.ts";
import { tensorFromProto, type TensorSource } from "./tensor-from-proto.ts";
import { type Capture, Values } from "./values.ts";

export interface OnnxNodeParts {
  readonly proto: NodeProto;
  /** Its inputs; undefined for optional ones that are left out. */
  readonly inputs: readonly (Output | undefined)[];
  /** The version of the operator's domain that the model imports. */
  readonly opset: number;
  readonly source: TensorSource;
  /** The values around it. */
  readonly values: Values;
  /** Converts a sub-graph whose inputs are among the given values, and gives its outputs. */
  readonly convertGraph: (graph: GraphProto, values: Values) => Output[];
}

/** A sub-graph's outputs, and what it read from the scope around it. */
export interface ConvertedGraph {
  readonly outputs: readonly Output[];
  readonly captures: readonly Capture[];
}

/** A node of an ONNX graph as its mapping sees it: typed access to inputs and attributes, and the building of operations. */
export class OnnxNode extends OperationBuilder {
  readonly type: string;
  /** Its own name, or its first output's. */
  readonly name: string;
  readonly hasName: boolean;
  readonly inputs: readonly (Output | undefined)[];
  /** Names of its outputs; "" for optional ones that nobody reads. */
  readonly outputs: readonly string[];
  readonly opset: number;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #source: TensorSource;
  readonly #parts: OnnxNodeParts;

  constructor(parts: OnnxNodeParts) {
    super();
    const { proto, inputs, opset, source } = parts;
    this.#parts = parts;
    this.type = proto.opType;
    this.outputs = proto.output;
    this.name = proto.name || (proto.output.find((o) => o !== "") ?? "");
    this.hasName = proto.name !== "";
    this.inputs = inputs;
    this.opset = opset;
    this.#attributes = new Map(proto.attribute.map((a) => [a.name, a]));
    this.#source = source;
  }

  /** `Conv "conv1" (model.onnx)`. */
  get where(): string {
    return `${this.type} "${this.name}" (${this.#source.file})`;
  }

  protected get file(): string {
    return this.#source.file;
  }

  /** Input `i`, which the operator requires. */
  input(i: number): Output {
    return this.inputs[i] ?? this.fail(`input ${i} is missing`, { got: `${this.inputs.length} inputs` });
  }

  /** All inputs of a variadic operator; at least one, and none left out. */
  allInputs(): Output[] {
    if (this.inputs.length === 0) this.fail("it has no inputs");
    return this.inputs.map((_, i) => this.input(i));
  }

  /** Whether the graph names output `i`. */
  hasOutput(i: number): boolean {
    return (this.outputs[i] ?? "") !== "";
  }

  has(attribute: string): boolean {
    return this.#attributes.has(attribute);
  }

  int(name: string, otherwise?: number): number {
    const attribute = this.#attribute(name, AttributeType.INT, otherwise !== undefined);
    return attribute === undefined ? (otherwise as number) : toInteger(attribute.i);
  }

  float(name: string, otherwise?: number): number {
    const attribute = this.#attribute(name, AttributeType.FLOAT, otherwise !== undefined);
    return attribute === undefined ? (otherwise as number) : attribute.f;
  }

  string(name: string, otherwise?: string): string {
    const attribute = this.#attribute(name, AttributeType.STRING, otherwise !== undefined);
    return attribute === undefined ? (otherwise as string) : new TextDecoder().decode(attribute.s);
  }

  /** One of `values`, in any case of letters. */
  oneOf<const T extends string>(name: string, values: readonly T[], otherwise: NoInfer<T>): T {
    const text = this.string(name, otherwise);
    const found = values.find((v) => v.toLowerCase() === text.toLowerCase());
    return found ?? this.fail(`attribute "${name}" has an unknown value`, { expected: `one of ${values.join(", ")}`, got: text });
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name, AttributeType.INTS, true)?.ints.map(toInteger);
  }

  floats(name: string): number[] | undefined {
    return this.#attribute(name, AttributeType.FLOATS, true)?.floats;
  }

  strings(name: string): string[] | undefined {
    return this.#attribute(name, AttributeType.STRINGS, true)?.strings.map((bytes) => new TextDecoder().decode(bytes));
  }

  tensor(name: string): Tensor | undefined {
    const tensor = this.#attribute(name, AttributeType.TENSOR, true)?.t;
    return tensor === undefined ? undefined : tensorFromProto(tensor, this.#source);
  }

  /** A sub-graph. */
  graph(name: string): GraphProto {
    const { g } = this.#attribute(name, AttributeType.GRAPH, false) as AttributeProto;
    if (g === undefined) return this.fail(`attribute "${name}" is missing`);
    if (g.sparseInitializer.length > 0)
      this.unsupported("sparse initializers are not supported", { hint: "Export the model with dense weights" });
    return g;
  }

  /** Converts a sub-graph in a scope of its own. `inputs` are what stands for its inputs inside. */
  convertGraph(graph: GraphProto, inputs: readonly Output[]): ConvertedGraph {
    if (graph.input.length !== inputs.length)
      this.fail(`the sub-graph "${graph.name}" has the wrong number of inputs`, {
        expected: `${inputs.length}`,
        got: `${graph.input.length}`,
      });
    const values = new Values(graph.initializer, this.#source, this.#parts.values);
    for (const [i, input] of inputs.entries()) values.set(graph.input[i].name, input);
    const outputs = this.#parts.convertGraph(graph, values);
    return { outputs, captures: values.captures };
  }

  /** Converts a sub-graph without inputs in the place of this node. */
  spellOut(graph: GraphProto): readonly Output[] {
    return this.#parts.convertGraph(graph, new Values(graph.initializer, this.#source, this.#parts.values, true));
  }

  /** The same node in a scope inside the one where it stands: what it reads from outside is captured. */
  inside(): { readonly node: OnnxNode; readonly values: Values } {
    const values = new Values([], this.#source, this.#parts.values);
    return { node: new OnnxNode({ ...this.#parts, values }), values };
  }

  #attribute(name: string, type: AttributeType, optional: boolean): AttributeProto | undefined {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return optional ? undefined : this.fail(`attribute "${name}" is missing`);
    // Files of the first IR versions leave the type out.
    if (attribute.type !== type && attribute.type !== AttributeType.UNDEFINED)
      this.fail(`attribute "${name}" has the wrong type`, { expected: typeName(type), got: typeName(attribute.type) });
    return attribute;
  }
}

const typeName = (type: AttributeType): string => Object.entries(AttributeType).find(([, value]) => value === type)?.[0] ?? String(type);

/** Attributes hold 64-bit integers, the ends of slices among them at their limits; numbers hold 53 bits. */
const toInteger = (value: bigint): number => Number(value > MAX_INTEGER ? MAX_INTEGER : value < -MAX_INTEGER ? -MAX_INTEGER : value);
const MAX_INTEGER = BigInt(Number.MAX_SAFE_INTEGER);
