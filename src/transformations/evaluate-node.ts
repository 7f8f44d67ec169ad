import type { AttributeValue } from "../model/attribute.ts";
import { evaluateOperation } from "../model/evaluation.ts";
import { node, type Node } from "../model/node.ts";
import type { OperationDefinition } from "../model/operation.ts";
import type { Output } from "../model/output.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Runs a node whose inputs are all constants; undefined where one is not, or the operation cannot be folded. */
export function evaluateNode(node: Node): readonly Tensor[] | undefined {
  const { evaluate, impure, role } = node.op;
  if (evaluate === undefined || impure || role !== undefined) return undefined;
  const inputs: Tensor[] = [];
  for (const { node: producer } of node.inputs) {
    if (producer.constant === undefined) return undefined;
    inputs.push(producer.constant);
  }
  return evaluateOperation(node, inputs);
}

/** Builds a single-output node, or at once the constant that it comes to. */
export function build(
  op: OperationDefinition,
  inputs: readonly Output[],
  attributes?: Readonly<Record<string, AttributeValue | undefined>>,
): Output {
  const built = node(op, inputs, attributes);
  const tensor = evaluateNode(built)?.[0];
  return tensor === undefined ? built.outputs[0] : constantNode(tensor).outputs[0];
}

/** A constant of numbers, rounded to the element type; a number alone is a scalar. */
export function constantOf(type: ElementType, values: number | readonly number[], shape?: readonly number[]): Output {
  const list = typeof values === "number" ? [values] : values;
  return constantNode(tensorOfNumbers(type, shape ?? (typeof values === "number" ? [] : [list.length]), list)).outputs[0];
}
