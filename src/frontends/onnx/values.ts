import type { TensorProto } from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { tensorFromProto, type TensorSource } from "./tensor-from-proto.ts";

/** A value of an outer scope that a sub-graph reads, and the parameter that stands for it inside. */
export interface Capture {
  readonly outer: Output;
  readonly parameter: Node;
}

/**
 * The values of a graph, a sub-graph or a function's body by their names. A sub-graph also sees those of the scope around it: constants
 * are copied, all else becomes a parameter of its own, since bodies read nothing from outside; but one that is spelled out in place
 * (`inPlace`) reads them as they are.
 */
export class Values {
  readonly #outputs = new Map<string, Output>();
  readonly #initializers: ReadonlyMap<string, TensorProto>;
  readonly #source: TensorSource;
  readonly #outer: Values | undefined;
  readonly #inPlace: boolean;
  readonly #captures = new Map<Output, Capture>();

  constructor(initializers: readonly TensorProto[], source: TensorSource, outer?: Values, inPlace = false) {
    this.#initializers = new Map(initializers.map((t) => [t.name, t]));
    this.#source = source;
    this.#outer = outer;
    this.#inPlace = inPlace;
  }

  /** What was read from outside, in the order of the first reads. */
  get captures(): readonly Capture[] {
    return [...this.#captures.values()];
  }

  set(name: string, output: Output): void {
    this.#outputs.set(name, output);
  }

  isInitializer(name: string): boolean {
    return this.#initializers.has(name);
  }

  /** A value that was set, an initializer, which becomes a Constant when first asked for, or one from outside. */
  get(name: string): Output | undefined {
    const output = this.#outputs.get(name) ?? this.#initializer(name) ?? this.#captured(name);
    if (output) this.#outputs.set(name, output);
    return output;
  }

  /** An output of the scope around this one as it is inside. */
  #capture(outer: Output): Output {
    const { constant, friendlyName } = outer.node;
    if (constant !== undefined) return this.#constant(constant, friendlyName);
    const known = this.#captures.get(outer);
    if (known) return known.parameter.outputs[0];
    const inside = parameter(outer.elementType, outer.partialShape, outer.anyName);
    this.#captures.set(outer, { outer, parameter: inside });
    return inside.outputs[0];
  }

  #captured(name: string): Output | undefined {
    const outer = this.#outer?.get(name);
    return outer === undefined || this.#inPlace ? outer : this.#capture(outer);
  }

  #initializer(name: string): Output | undefined {
    const initializer = this.#initializers.get(name);
    return initializer && this.#constant(tensorFromProto(initializer, this.#source), name);
  }

  #constant(tensor: Parameters<typeof constantNode>[0], name: string): Output {
    const node = constantNode(tensor, { friendlyName: name, source: this.#source.file });
    node.outputs[0].names.add(name);
    return node.outputs[0];
  }
}
