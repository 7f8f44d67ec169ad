import { VintnerError } from "../common/errors.ts";
import { shapeSize } from "../common/shape.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { byteLengthOf, type ElementType } from "../tensor/element-type.ts";
import { inUnits } from "./memory-budget.ts";

type BytesOf = (type: ElementType, count: number) => number;

const knownBytes = ({ elementType, partialShape }: Output, bytesOf: BytesOf): number =>
  partialShape.isStatic && elementType !== "dynamic" ? bytesOf(elementType, shapeSize(partialShape.toShape())) : 0;

function refuse(node: Node, what: string, limit: number, got: string): never {
  throw new VintnerError("OUT_OF_MEMORY", {
    what,
    where: node.where,
    expected: `at most ${inUnits(limit)}`,
    got,
    hint: "Check the shapes that are given, or raise MAX_MEMORY_SIZE",
  });
}

/**
 * Refuses a model with a tensor that alone is larger than all memory that a device may take, before any work goes into it.
 * `bytesOf` says how many bytes elements take there. Throws OUT_OF_MEMORY, naming the operation.
 */
export function checkMemory(model: Model, limit: number, bytesOf: BytesOf = byteLengthOf): void {
  for (const node of model.nodes())
    for (const output of node.outputs) {
      const bytes = knownBytes(output, bytesOf);
      if (bytes > limit) refuse(node, "the output needs more memory than there is", limit, `${output}, ${inUnits(bytes)}`);
    }
}

/**
 * Refuses a model whose tensors, as far as their shapes are known, do not fit into memory together when its operations are evaluated
 * one after the other and each tensor is kept until its last reader has run. Throws OUT_OF_MEMORY, naming the operation at which.
 */
export function checkEvaluationMemory(model: Model, limit: number): void {
  checkMemory(model, limit);
  const nodes = model.nodes();
  const lastReader = new Map<Output, Node>();
  for (const node of nodes) for (const output of [...node.outputs, ...node.inputs]) lastReader.set(output, node);
  for (const result of model.results) for (const output of [...result.inputs, ...result.outputs]) lastReader.delete(output);
  let live = 0;
  for (const node of nodes) {
    // Data of constants is the model's, inputs are the caller's, and a result passes its tensor on.
    if (node.op.role !== undefined && node.op.role !== "sink") continue;
    for (const output of node.outputs) live += knownBytes(output, byteLengthOf);
    if (live > limit) refuse(node, "it and the tensors that are still needed do not fit into memory", limit, inUnits(live));
    for (const output of new Set([...node.outputs, ...node.inputs]))
      if (lastReader.get(output) === node && (output.node.op.role === undefined || output.node.op.role === "sink"))
        live -= knownBytes(output, byteLengthOf);
  }
}
