import { invariant, VintnerError } from "../common/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node } from "./node.ts";
import type { BodyCall, OperationDefinition } from "./operation.ts";
import type { VariableStates } from "./variable-states.ts";

/** Whether an operation has reference semantics of its own. */
export const isEvaluable = (op: OperationDefinition): boolean => op.evaluate !== undefined || op.control !== undefined;

/** Runs a body of a node on a tensor for each parameter, and gives its results. Yields where the caller may do something else. */
export type RunBody<Pause> = (node: Node, call: BodyCall) => Generator<Pause, readonly Tensor[]>;

/**
 * The reference semantics of a node on tensors. Bodies are run by `runBody`.
 * Throws what the operation throws, and OUT_OF_MEMORY, naming the node, where there is no room for the result.
 */
export function* operationEvaluation<Pause>(
  node: Node,
  inputs: readonly Tensor[],
  state: VariableStates | undefined,
  runBody: RunBody<Pause>,
): Generator<Pause, readonly Tensor[]> {
  const { evaluate, control } = node.op;
  const context = { node, inputs, attributes: node.attributes, outputs: node.outputs, ...(state && { state }) };
  try {
    if (control === undefined) {
      invariant(evaluate !== undefined, `${node.where} has no evaluation`);
      return evaluate(context);
    }
    const run = control(context);
    for (let next = run.next([]); ; next = run.next(yield* runBody(node, next.value))) if (next.done === true) return next.value;
  } catch (cause) {
    // The language's own error where an array is longer than it can be; also that of too deep a recursion.
    const outOfMemory =
      cause instanceof VintnerError ? cause.code === "OUT_OF_MEMORY" : cause instanceof RangeError && !cause.message.includes("call stack");
    if (!outOfMemory) throw cause;
    const what = cause instanceof VintnerError ? cause.details.what : "an array as long as the operation needs cannot be allocated";
    throw new VintnerError("OUT_OF_MEMORY", { what, where: node.where, got: describe(node, inputs) }, { cause });
  }
}

/** Runs a generator to its end without pauses. */
export function finish<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

const describe = (node: Node, inputs: readonly Tensor[]): string =>
  `inputs ${inputs.map((t) => `${t.elementType}[${t.shape.join(",")}]`).join(", ")} and outputs ${node.outputs.map(String).join(", ")}`;
