import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { constantOf } from "../evaluate-node.ts";
import { matchIntegers, sameShapesBySize } from "../match.ts";
import { rewrite } from "../rewrite.ts";

const types = ["Reshape", "Squeeze", "Unsqueeze"];

/**
 * A chain of Reshape, Squeeze and Unsqueeze with constant targets: the last alone, or nothing where the shape comes
 * back. Holds for every shape of the input: a 0 or -1 of the merged pattern means what it meant in the chain.
 */
export const mergeReshapes = rewrite("merge-reshapes", types, (outer) => {
  const inner = outer.inputs[0].node;
  if (!types.includes(inner.type) || matchIntegers(outer.inputs[1]) === undefined || matchIntegers(inner.inputs[1]) === undefined)
    return undefined;
  const [data] = inner.inputs;
  if (sameShapesBySize(data, outer.outputs[0])) return data;
  const pattern = composed(inner, outer);
  return pattern && node(Reshape, [data, constantOf("i64", pattern)], { special_zero: true }).outputs[0];
});

/** The target of `outer` in terms of the input of `inner`. */
function composed(inner: Node, outer: Node): number[] | undefined {
  if (outer.type !== "Reshape") {
    const before = targetOf(inner);
    return before && changedAxes(outer, before);
  }
  const target = targetOf(outer);
  if (target === undefined || !target.includes(0)) return target;
  const before = targetOf(inner);
  if (before === undefined) return undefined;
  const pattern = target.map((p, i) => (p === 0 ? before[i] : p));
  return pattern.filter((p) => p === -1).length > 1 ? undefined : pattern;
}

/** What a node reshapes to, as a pattern on its own input, with 0 for an axis that it keeps. */
function targetOf(shaper: Node): number[] | undefined {
  const numbers = matchIntegers(shaper.inputs[1]);
  if (shaper.type === "Reshape") return shaper.attributes["special_zero"] === false && numbers?.includes(0) ? undefined : numbers;
  const rank = shaper.inputs[0].partialShape.rank;
  return rank === undefined ? undefined : changedAxes(shaper, new Array<number>(rank).fill(0));
}

/** Inserts or removes a Squeeze's or Unsqueeze's axes in a pattern; undefined where that moves a 0 to another index. */
function changedAxes(shaper: Node, pattern: readonly number[]): number[] | undefined {
  const axes = axesOf(shaper, shaper.type === "Squeeze" ? shaper.inputs[0] : shaper.outputs[0]);
  if (axes === undefined) return undefined;
  const changed: number[] = [];
  if (shaper.type === "Squeeze") {
    for (const [i, p] of pattern.entries()) {
      if (axes.has(i)) continue;
      if (p === 0 && changed.length !== i) return undefined;
      changed.push(p);
    }
    return changed;
  }
  let next = 0;
  for (let i = 0; i < pattern.length + axes.size; i++) {
    if (axes.has(i)) changed.push(1);
    else if (pattern[next] === 0 && next !== i) return undefined;
    else changed.push(pattern[next++]);
  }
  return changed;
}

function axesOf(shaper: Node, of: Output): Set<number> | undefined {
  const rank = of.partialShape.rank;
  const axes = matchIntegers(shaper.inputs[1]);
  return rank === undefined || axes === undefined ? undefined : new Set(axes.map((a) => (a < 0 ? a + rank : a)));
}
