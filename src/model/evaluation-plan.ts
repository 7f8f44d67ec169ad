import { invariant } from "../common/errors.ts";
import { decomposition } from "./decomposition.ts";
import { isEvaluable } from "./evaluate-operation.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";

/** One evaluation. Its inputs are looked up under the outputs that really produce them. */
export interface EvaluationStep {
  readonly node: Node;
  readonly inputs: readonly Output[];
  /** Outputs that nothing reads after this step. */
  readonly lastUses: readonly Output[];
}

/** Every evaluation of a model in order, composite operations as their parts. */
export interface EvaluationPlan {
  readonly model: Model;
  readonly steps: readonly EvaluationStep[];
  /** What the model's results are read from. */
  readonly results: readonly Output[];
  /** Whether a node was taken apart, which can depend on its shapes. */
  readonly isDecomposed: boolean;
}

/** Lays out the evaluations of a model whose operations are all supported. */
export function planEvaluation(model: Model): EvaluationPlan {
  /** Outputs of composite operations, and the outputs of their parts that stand for them. */
  const standIns = new Map<Output, Output>();
  const resolve = (output: Output): Output => {
    const standIn = standIns.get(output);
    return standIn === undefined ? output : resolve(standIn);
  };
  const order: { readonly node: Node; readonly inputs: readonly Output[] }[] = [];
  const visit = (node: Node): void => {
    if (node.op.role === "parameter") return;
    if (isEvaluable(node.op)) {
      order.push({ node, inputs: node.inputs.map(resolve) });
      return;
    }
    const parts = decomposition(node);
    invariant(parts !== undefined, `${node.where} has neither an evaluation nor parts`);
    for (const part of parts.nodes) visit(part);
    for (const [i, output] of node.outputs.entries()) standIns.set(output, parts.outputs[i]);
  };
  for (const node of model.nodes()) visit(node);

  const results = model.results.map((result) => resolve(result.outputs[0]));
  const lastReader = new Map<Output, number>();
  for (const [i, { node, inputs }] of order.entries()) for (const output of [...node.outputs, ...inputs]) lastReader.set(output, i);
  for (const result of results) lastReader.delete(result);
  const lastUses = order.map((): Output[] => []);
  for (const [output, i] of lastReader) lastUses[i].push(output);
  return { model, steps: order.map((step, i) => ({ ...step, lastUses: lastUses[i] })), results, isDecomposed: standIns.size > 0 };
}
