import { VintnerError } from "../common/errors.ts";
import { normalizeAxis } from "../common/shape.ts";
import type { AttributeValue } from "../model/attribute.ts";
import type { Body } from "../model/body.ts";
import { knownValue, Node } from "../model/node.ts";
import type { OperationDefinition } from "../model/operation.ts";
import type { Output } from "../model/output.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import { isKnown } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../tensor/tensor-numbers.ts";

type Details = { readonly expected?: string; readonly got?: string; readonly hint?: string };

/** What the mapping of a framework's node builds operations with; errors name the node and its file. */
export abstract class OperationBuilder {
  /** The operations made for it so far. */
  readonly made: Set<Node> = new Set();
  /** `Conv "conv1" (model.onnx)`. */
  abstract readonly where: string;
  /** The file, for errors of the operations. */
  protected abstract readonly file: string;

  /** Throws INVALID_MODEL, naming the node and its file. */
  fail(what: string, details: Details = {}): never {
    throw new VintnerError("INVALID_MODEL", { what, where: this.where, ...details });
  }

  /** For what the framework allows and vintner does not have. */
  unsupported(what: string, details: Details = {}): never {
    throw new VintnerError("UNSUPPORTED", { what, where: this.where, ...details });
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

  addNode(
    op: OperationDefinition,
    inputs: readonly Output[],
    attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
    bodies: readonly Body[] = [],
  ): Node {
    return this.#keep(new Node(op, inputs, attributes, { source: this.file, ...(bodies.length > 0 && { bodies }) }));
  }

  /** Adds a Constant of one number (a scalar) or a list, rounded to the type. */
  constant(type: ElementType, values: number | readonly number[], shape?: readonly number[]): Output {
    const list = typeof values === "number" ? [values] : values;
    return this.constantOf(tensorOfNumbers(type, shape ?? (typeof values === "number" ? [] : [list.length]), list));
  }

  constantOf(tensor: Tensor): Output {
    return this.#keep(constantNode(tensor, { source: this.file })).outputs[0];
  }

  #keep(node: Node): Node {
    this.made.add(node);
    return node;
  }
}
