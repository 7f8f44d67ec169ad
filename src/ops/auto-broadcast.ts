import { int, string } from "../model/attribute.ts";
import type { Attributes } from "../model/attribute.ts";
import type { InferContext } from "../model/operation.ts";
import { type Dimension, mergeDimensions } from "../tensor/dimension.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastDimensions } from "./broadcast-dimensions.ts";

/**
 * The attributes of OpenVINO's operations that broadcast: `numpy` aligns shapes at their last axis, `none` wants them
 * equal, `pdpd` (PaddlePaddle) puts the second shape at an axis of the first; -1 is where it ends with the first.
 */
export const autoBroadcast = {
  auto_broadcast: string({ default: "numpy", oneOf: ["numpy", "none", "pdpd"] }),
  "auto_broadcast.auto_broadcast_axis": int(null),
} as const;

const axisOf = (attributes: Attributes, rank: number, ownRank: number): number => {
  const axis = (attributes["auto_broadcast.auto_broadcast_axis"] as number | undefined) ?? 0;
  return axis === -1 ? rank - ownRank : axis;
};

/** The second shape of `pdpd` with ones up to the end of the first, so that numpy's rules hold; undefined where it does not fit in. */
export function alignShape<T extends Dimension>(attributes: Attributes, rank: number, shape: readonly T[]): (T | 1)[] | undefined {
  if (attributes.auto_broadcast !== "pdpd" || shape.length === 0) return [...shape];
  const axis = axisOf(attributes, rank, shape.length);
  // Trailing ones beyond the end say nothing.
  let length = shape.length;
  while (length > 0 && axis + length > rank && shape[length - 1] === 1) length--;
  if (axis < 0 || axis + length > rank) return undefined;
  return [...shape.slice(0, length), ...new Array<1>(rank - axis - length).fill(1)];
}

/** Reshapes the second tensor of `pdpd` as numpy's rules need it; other tensors stay as they are. */
export function alignTensors(attributes: Attributes, tensors: readonly Tensor[]): readonly Tensor[] {
  if (attributes.auto_broadcast !== "pdpd") return tensors;
  const rank = tensors[0].shape.length;
  return tensors.map((t, i) => (i === 0 ? t : t.reshaped(alignShape(attributes, rank, t.shape) ?? t.shape)));
}

/** The dimensions of the inputs at `positions` together. Throws where they do not fit. */
export function commonDimensions(context: InferContext, positions: readonly number[]): readonly Dimension[] | undefined {
  const shapes = positions.map((i) => context.inputs[i].partialShape);
  const mode = context.attributes.auto_broadcast ?? "numpy";
  const fail = (): never =>
    context.fail(mode === "none" ? "the inputs' shapes differ" : "the inputs' shapes cannot be broadcast together", {
      got: shapes.join(" and "),
    });
  const [first, ...others] = shapes.map((s) => s.dimensions);
  return others.reduce<readonly Dimension[] | undefined>((sum, own) => {
    if (sum === undefined || own === undefined) return mode === "numpy" ? undefined : sum;
    if (mode === "none") return sum.length === own.length ? sum.map((d, i) => mergeDimensions(d, own[i]) ?? fail()) : fail();
    const aligned = alignShape(context.attributes, sum.length, own);
    return (aligned && broadcastDimensions(sum, aligned)) ?? fail();
  }, first);
}
