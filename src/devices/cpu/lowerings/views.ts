import { normalizeAxis } from "../../../common/shape.ts";
import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { broadcastView, permuteView, sliceView, type View } from "../../../lowering/view.ts";

/** The integers of a constant input; undefined where they are not known. */
const integers = (node: Node, i: number): readonly number[] | undefined => {
  const value = node.inputs[i] && knownValue(node.inputs[i]);
  return value?.every((d) => typeof d === "number") ? (value as readonly number[]) : undefined;
};

/** A lowering that computes nothing: outputs are views of the first input. */
const viewLowering = (
  types: readonly string[],
  views: (context: LoweringContext, node: Node, input: View) => readonly View[],
  accepts: (node: Node) => boolean = () => true,
): Lowering => ({
  types,
  accepts,
  lower(context, { anchor }) {
    for (const [i, view] of views(context, anchor, context.view(anchor.inputs[0])).entries()) context.define(anchor.outputs[i], view);
  },
});

export const reshapeLowering = viewLowering(["Reshape", "Squeeze", "Unsqueeze", "Identity"], (context, node, input) => [
  context.reshape(input, node.outputs[0].shape),
]);

export const transposeLowering = viewLowering(
  ["Transpose"],
  (_, node, input) => {
    const order = integers(node, 1) as readonly number[];
    return [permuteView(input, order.length === 0 ? input.shape.map((__, i) => input.shape.length - 1 - i) : order)];
  },
  (node) => integers(node, 1) !== undefined,
);

export const broadcastLowering = viewLowering(
  ["Broadcast"],
  (_, node, input) => [broadcastView(input, node.outputs[0].shape)],
  (node) => node.attributes["mode"] !== "explicit",
);

export const splitLowering = viewLowering(
  ["Split", "VariadicSplit"],
  (_, node, input) => {
    const axis = normalizeAxis((integers(node, 1) as readonly number[])[0], input.shape.length) as number;
    let begin = 0;
    return node.outputs.map((o) => {
      const view = sliceView(input, axis, begin, o.shape[axis]);
      begin += o.shape[axis];
      return view;
    });
  },
  (node) => integers(node, 1) !== undefined,
);

/** Where a slice starts, after clamping as the Slice operation has it. */
const startOf = (start: number, size: number, step: number): number => {
  const from = start < 0 ? start + size : start;
  return step > 0 ? Math.max(0, Math.min(from, size)) : Math.max(-1, Math.min(from, size - 1));
};

export const sliceLowering = viewLowering(
  ["Slice"],
  (_, node, input) => {
    const starts = integers(node, 1) as readonly number[];
    const steps = integers(node, 3) as readonly number[];
    const axes = node.inputs[4] ? (integers(node, 4) as readonly number[]) : starts.map((__, i) => i);
    let view = input;
    for (const [i, a] of axes.entries()) {
      const axis = normalizeAxis(a, input.shape.length) as number;
      view = sliceView(view, axis, startOf(starts[i], input.shape[axis], steps[i]), node.outputs[0].shape[axis], steps[i]);
    }
    return [view];
  },
  (node) =>
    [1, 3, ...(node.inputs[4] ? [4] : [])].every((i) => integers(node, i) !== undefined) &&
    (integers(node, 3) as readonly number[]).every((s) => s > 0),
);

/** StridedSlice without ellipsis or new axes, positive steps. */
export const stridedSliceLowering = viewLowering(
  ["StridedSlice"],
  (_, node, input) => {
    const begin = integers(node, 1) as readonly number[];
    const end = integers(node, 2) as readonly number[];
    const steps = node.inputs[3] ? (integers(node, 3) as readonly number[]) : begin.map(() => 1);
    const mask = (name: string, i: number): boolean => ((node.attributes[name] as readonly number[] | undefined) ?? [])[i] === 1;
    let view = input;
    const kept: number[] = [];
    for (let i = 0; i < input.shape.length; i++) {
      const size = input.shape[i];
      if (i >= begin.length) kept.push(i);
      else if (mask("shrink_axis_mask", i)) {
        const index = mask("begin_mask", i) ? 0 : begin[i];
        view = sliceView(view, i, index < 0 ? index + size : index, 1);
      } else {
        const from = mask("begin_mask", i) ? 0 : startOf(begin[i], size, 1);
        const to = mask("end_mask", i) ? size : startOf(end[i], size, 1);
        view = sliceView(view, i, from, Math.max(0, Math.ceil((to - from) / steps[i])), steps[i]);
        kept.push(i);
      }
    }
    return [permuteView(view, kept)];
  },
  (node) => {
    const masks = [
      ...((node.attributes["ellipsis_mask"] as readonly number[] | undefined) ?? []),
      ...((node.attributes["new_axis_mask"] as readonly number[] | undefined) ?? []),
    ];
    const steps = node.inputs[3] ? integers(node, 3) : [];
    return (
      masks.every((m) => m === 0) &&
      integers(node, 1) !== undefined &&
      integers(node, 2) !== undefined &&
      steps !== undefined &&
      steps.every((s) => s > 0)
    );
  },
);

/** Repetition: each axis becomes the repeats and the axis, and what is merged again is copied. */
export const tileLowering = viewLowering(
  ["Tile"],
  (context, node, input) => {
    const repeats = integers(node, 1) as readonly number[];
    const rank = Math.max(repeats.length, input.shape.length);
    const times = [...new Array<number>(rank - repeats.length).fill(1), ...repeats];
    const whole = broadcastView(input, [...new Array<number>(rank - input.shape.length).fill(1), ...input.shape]);
    const repeated = {
      ...whole,
      shape: whole.shape.flatMap((d, i) => [times[i], d]),
      strides: whole.strides.flatMap((s) => [0, s]),
    };
    return [context.reshape(repeated, node.outputs[0].shape)];
  },
  (node) => integers(node, 1) !== undefined && !node.outputs[0].shape.includes(0),
);
