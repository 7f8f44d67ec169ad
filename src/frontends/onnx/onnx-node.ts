import { VintnerError } from "../../common/errors.ts";
import { normalizeAxis } from "../../common/shape.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import type { AttributeValue } from "../../model/attribute.ts";
import { knownValue, Node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { isKnown } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { tensorFromProto, type TensorSource } from "./tensor-from-proto.ts";

export interface OnnxNodeParts {
  readonly proto: NodeProto;
  /** Its inputs; undefined for optional ones that are left out. */
  readonly inputs: readonly (Output | undefined)[];
  /** The version of the operator's domain that the model imports. */
  readonly opset: number;
  readonly source: TensorSource;
}

type Details = { readonly expected?: string; readonly got?: string; readonly hint?: string };

/** A node of an ONNX graph as its mapping sees it: typed access to inputs and attributes, and the building of operations. */
export class OnnxNode {
  readonly type: string;
  /** Its own name, or its first output's. */
  readonly name: string;
  readonly hasName: boolean;
  readonly inputs: readonly (Output | undefined)[];
  /** Names of its outputs; "" for optional ones that nobody reads. */
  readonly outputs: readonly string[];
  readonly opset: number;
  /** The operations made for it so far. */
  readonly made: Set<Node> = new Set();
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #source: TensorSource;

  constructor({ proto, inputs, opset, source }: OnnxNodeParts) {
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

  /** Throws INVALID_MODEL, naming the node and its file. */
  fail(what: string, details: Details = {}): never {
    throw new VintnerError("INVALID_MODEL", { what, where: this.where, ...details });
  }

  /** For what the operator allows and vintner does not have. */
  unsupported(what: string, details: Details = {}): never {
    throw new VintnerError("UNSUPPORTED", { what, where: this.where, ...details });
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

  tensor(name: string): Tensor | undefined {
    const tensor = this.#attribute(name, AttributeType.TENSOR, true)?.t;
    return tensor === undefined ? undefined : tensorFromProto(tensor, this.#source);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    return normalizeAxis(axis, rank) ?? this.fail("the axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: `${axis}` });
  }

  /** The rank of an output; for mappings that depend on it. */
  rank(output: Output): number {
    return (
      output.partialShape.rank ??
      this.unsupported("an input of unknown rank is not supported here", { hint: "Give the model's input shapes" })
    );
  }

  /** The numbers of a constant, or the integers of a shape sub-graph where all are known. */
  numbers(output: Output): number[] | undefined {
    if (output.constant !== undefined) return Array.from(tensorNumbers(output.constant));
    const value = knownValue(output);
    return value?.every(isKnown) ? [...(value as number[])] : undefined;
  }

  /** Applies an operation and gives its first output. */
  add(op: OperationDefinition, inputs: readonly Output[], attributes: Readonly<Record<string, AttributeValue | undefined>> = {}): Output {
    return this.addNode(op, inputs, attributes).outputs[0];
  }

  addNode(op: OperationDefinition, inputs: readonly Output[], attributes: Readonly<Record<string, AttributeValue | undefined>> = {}): Node {
    return this.#keep(new Node(op, inputs, attributes, { source: this.#source.file }));
  }

  /** Adds a Constant of one number (a scalar) or a list, rounded to the type. */
  constant(type: ElementType, values: number | readonly number[], shape?: readonly number[]): Output {
    const list = typeof values === "number" ? [values] : values;
    return this.constantOf(tensorOfNumbers(type, shape ?? (typeof values === "number" ? [] : [list.length]), list));
  }

  constantOf(tensor: Tensor): Output {
    return this.#keep(constantNode(tensor, { source: this.#source.file })).outputs[0];
  }

  #keep(node: Node): Node {
    this.made.add(node);
    return node;
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
