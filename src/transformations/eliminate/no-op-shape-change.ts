import { matchIntegers, sameShapes } from "../match.ts";
import { type Rewrite, rewrite } from "../rewrite.ts";

export interface ShapeOptions {
  /** Take present shapes for granted. Otherwise only what holds for every shape is used. */
  readonly useShapes: boolean;
}

/** Reshape, Squeeze, Unsqueeze, Broadcast and Tile that give back the shape that they take. */
export const noOpShapeChange = ({ useShapes }: ShapeOptions): Rewrite =>
  rewrite("no-op-shape-change", ["Reshape", "Squeeze", "Unsqueeze", "Broadcast", "Tile"], ({ inputs, outputs, type }) => {
    if (!sameShapes(inputs[0], outputs[0])) return undefined;
    const target = matchIntegers(inputs[1]);
    if (!useShapes && (target === undefined || (type === "Reshape" && !holdsAlways(target)))) return undefined;
    return inputs[0];
  });

/** With a -1, the pattern must leave all other lengths as they are. */
const holdsAlways = (pattern: readonly number[]): boolean => !pattern.includes(-1) || pattern.every((p) => p === 0 || p === -1);
