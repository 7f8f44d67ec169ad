import type { Output } from "../../model/output.ts";
import { lengthOf, matchIntegers, sameShapes, sameShapesBySize } from "../match.ts";
import { type Rewrite, rewrite } from "../rewrite.ts";

export interface ShapeOptions {
  /** Take present shapes for granted. Otherwise only what holds for every shape is used. */
  readonly useShapes: boolean;
}

/** Reshape, Squeeze, Unsqueeze, Broadcast and Tile that give back the shape that they take. */
export const noOpShapeChange = ({ useShapes }: ShapeOptions): Rewrite =>
  rewrite("no-op-shape-change", ["Reshape", "Squeeze", "Unsqueeze", "Broadcast", "Tile"], ({ inputs, outputs, type }) => {
    const [data] = inputs;
    const same = type === "Broadcast" || type === "Tile" ? sameShapes : sameShapesBySize;
    if (!same(data, outputs[0])) return undefined;
    const target = matchIntegers(inputs[1]);
    if (!useShapes && (target === undefined || (type === "Reshape" && !holdsAlways(target, data)))) return undefined;
    return data;
  });

/** With a -1, the pattern must leave all other lengths as they are, or the -1 must be the one length that may vary. */
function holdsAlways(pattern: readonly number[], data: Output): boolean {
  const inferred = pattern.indexOf(-1);
  return inferred < 0 || pattern.every((p) => p === 0 || p === -1) || lengthOf(data, inferred) === undefined;
}
