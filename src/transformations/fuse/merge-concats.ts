import { node } from "../../model/node.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Concat of Concats along the same axis is one, so that no part is copied twice. */
export const mergeConcats = rewrite("merge-concats", ["Concat"], (outer, context) => {
  const rank = outer.outputs[0].partialShape.rank;
  const axisOf = (axis: unknown): number => (Number(axis) < 0 ? Number(axis) + (rank ?? 0) : Number(axis));
  const axis = axisOf(outer.attributes["axis"]);
  if (rank === undefined) return undefined;
  const parts = outer.inputs.flatMap((input) => {
    const inner = producer(input, "Concat");
    return inner && axisOf(inner.attributes["axis"]) === axis && context.isPrivate(input) ? inner.inputs : [input];
  });
  return parts.length > outer.inputs.length ? node(Concat, parts, { axis }).outputs[0] : undefined;
});
