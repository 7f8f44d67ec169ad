import { VintnerError } from "../common/errors.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import { axisOf, type Layout } from "./layout.ts";

/**
 * The axis of an input's channels: where its layout says, else axis 1 or the last axis, whichever has `count` channels
 * (axis 1 where both have). Undefined where none fits.
 */
export function channelAxis(shape: PartialShape, layout: Layout | undefined, count: number): number | undefined {
  const dims = shape.dimensions;
  if (dims === undefined) return undefined;
  if (layout !== undefined) {
    const axis = axisOf(layout, "c", dims.length);
    return axis !== undefined && fits(dims[axis], count) ? axis : undefined;
  }
  const candidates = dims.length < 2 ? [] : [1, dims.length - 1];
  return candidates.find((axis) => dims[axis] === count);
}

const fits = (dim: unknown, count: number): boolean => typeof dim !== "number" || dim === count;

/** For options that name an input without channels to go by. */
export function noChannels(option: string, input: string, shape: PartialShape, count: number): never {
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `option "${option}" does not fit input "${input}"`,
    expected: `${count} channels on axis 1 or the last axis`,
    got: `shape ${shape}`,
    hint: 'Give the layout, as in layout: "nhwc", or as many values as there are channels',
  });
}
