import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import type { Dimension } from "../../tensor/dimension.ts";
import { sameDimension } from "../../tensor/dimension.ts";
import { matchIntegers, producer } from "../match.ts";
import type { RewriteContext } from "../rewrite.ts";

/** Reshape, Transpose, Reshape: data, the shapes before, between and after, and the order of axes. */
export interface Permutation {
  readonly data: Output;
  readonly before: readonly Dimension[];
  readonly split: readonly Dimension[];
  readonly order: readonly number[];
  readonly after: readonly Dimension[];
}

/** Reads a Reshape as the end of a Reshape, Transpose, Reshape of which nothing else reads the middle. */
export function permutationOf(last: Node, context: RewriteContext): Permutation | undefined {
  const transpose = producer(last.inputs[0], "Transpose");
  const first = transpose && ["Reshape", "Unsqueeze"].includes(transpose.inputs[0].node.type) ? transpose.inputs[0].node : undefined;
  if (transpose === undefined || first === undefined) return undefined;
  if (!context.isPrivate(last.inputs[0]) || !context.isPrivate(transpose.inputs[0])) return undefined;
  const [data] = first.inputs;
  const before = data.partialShape.dimensions;
  const split = first.outputs[0].partialShape.dimensions;
  const after = last.outputs[0].partialShape.dimensions;
  const order = matchIntegers(transpose.inputs[1]);
  if (before === undefined || split === undefined || after === undefined || order === undefined) return undefined;
  if (before.length !== after.length || before.length < 3 || !sameDimension(before[0], split[0])) return undefined;
  return { data, before, split, order, after };
}

export const sameOrder = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((x, i) => x === b[i]);
