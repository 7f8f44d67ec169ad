import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Clamp } from "../../ops/elementwise/clamp.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { matchNumber, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import type { Node } from "../../model/node.ts";

/** Minimum and Maximum with numbers are a Clamp; with 0 as the only limit, a Relu. */
export const recognizeClamp = rewrite("recognize-clamp", ["Minimum", "Maximum"], (outer, context) => {
  const limit = limitOf(outer);
  if (limit === undefined) return undefined;
  const inner = limitOf(limit.data.node);
  if (inner !== undefined && limit.data.node.type !== outer.type && context.isPrivate(limit.data)) {
    const [low, high] = outer.type === "Minimum" ? [inner.number, limit.number] : [limit.number, inner.number];
    return low <= high ? node(Clamp, [inner.data], { min: low, max: high }).outputs[0] : undefined;
  }
  if (outer.type === "Maximum") return limit.number === 0 ? node(Relu, [limit.data]).outputs[0] : undefined;
  if (limit.data.node.type !== "Relu" || limit.number < 0) return undefined;
  return node(Clamp, [limit.data.node.inputs[0]], { min: 0, max: limit.number }).outputs[0];
});

function limitOf(limiter: Node): { readonly data: Output; readonly number: number } | undefined {
  if (limiter.type !== "Minimum" && limiter.type !== "Maximum") return undefined;
  const parts = splitConstant(limiter);
  const number = parts && matchNumber(parts.data, parts.constant);
  if (parts === undefined || number === undefined || !isFloat(parts.data.elementType)) return undefined;
  return { data: parts.data, number };
}
