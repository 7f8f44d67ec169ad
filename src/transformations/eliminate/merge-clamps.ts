import { node, type Node } from "../../model/node.ts";
import { Clamp } from "../../ops/elementwise/clamp.ts";
import { rewrite } from "../rewrite.ts";

/** Clamp of Clamp, with Relu as a Clamp to [0, infinity): one is enough. */
export const mergeClamps = rewrite("merge-clamps", ["Clamp", "Relu"], (outer) => {
  const [input] = outer.inputs;
  const inner = limitsOf(input.node);
  const limits = limitsOf(outer);
  if (inner === undefined || limits === undefined) return undefined;
  const [min, max] = inner.map((limit) => Math.min(Math.max(limit, limits[0]), limits[1]));
  if (min === inner[0] && max === inner[1]) return input;
  return node(Clamp, [input.node.inputs[0]], { min, max }).outputs[0];
});

function limitsOf({ type, attributes }: Node): readonly [number, number] | undefined {
  if (type === "Relu") return [0, Number.POSITIVE_INFINITY];
  return type === "Clamp" ? [attributes["min"] as number, attributes["max"] as number] : undefined;
}
