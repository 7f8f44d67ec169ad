import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { NormalizeL2 } from "../../ops/normalization/normalize-l2.ts";
import { matchIntegers, matchNumber, producer, rooted, splitConstant, squared } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** x / sqrt(sum(x^2) + eps), x / sqrt(max(sum(x^2), eps)) and x / max(norm(x), eps). */
export const recognizeNormalizeL2 = rewrite("recognize-normalize-l2", ["Divide"], (divide, context) => {
  const [data, divisor] = divide.inputs;
  const norm = normOf(divisor);
  if (norm === undefined || norm.data !== data || !context.isPrivate(divisor)) return undefined;
  return node(NormalizeL2, [data, norm.axes], { eps: norm.eps, eps_mode: norm.mode }).outputs[0];
});

interface Norm {
  readonly data: Output;
  readonly axes: Output;
  readonly eps: number;
  readonly mode: "add" | "max";
}

function normOf(divisor: Output): Norm | undefined {
  const guarded = rooted(divisor);
  if (guarded !== undefined) {
    const parts = guardOf(guarded.node);
    const sum = squares(parts?.data);
    return parts && sum && { ...sum, eps: parts.eps, mode: guarded.node.type === "Add" ? "add" : "max" };
  }
  const parts = producer(divisor, "Maximum") && guardOf(divisor.node);
  const norm = producer(parts?.data, "ReduceL2");
  const sum = norm ? reduction(norm, norm.inputs[0]) : squares(rooted(parts?.data));
  return parts && sum && parts.eps > 0 ? { ...sum, eps: parts.eps ** 2, mode: "max" } : undefined;
}

/** data + eps or max(data, eps). */
function guardOf(guard: Node): { readonly data: Output; readonly eps: number } | undefined {
  const parts = guard.type === "Add" || guard.type === "Maximum" ? splitConstant(guard) : undefined;
  const eps = parts && matchNumber(parts.data, parts.constant);
  return parts && eps !== undefined ? { data: parts.data, eps } : undefined;
}

/** The x and axes of sum(x^2). */
function squares(output: Output | undefined): Reduction | undefined {
  const sum = producer(output, "ReduceSum");
  const data = squared(sum?.inputs[0]);
  return sum && data && reduction(sum, data);
}

interface Reduction {
  readonly data: Output;
  readonly axes: Output;
}

function reduction(reduce: Node, data: Output): Reduction | undefined {
  const [, axes] = reduce.inputs;
  return reduce.attributes["keep_dims"] === true && matchIntegers(axes) ? { data, axes } : undefined;
}
