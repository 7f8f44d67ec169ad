import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { constant as scalarConstant } from "../../../model/scalar-expression.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { orderOf, sliceView, type View, viewSize } from "../../../lowering/view.ts";

const numbers = (node: Node, i: number): readonly number[] | undefined => {
  const value = knownValue(node.inputs[i]);
  return value?.every((d) => typeof d === "number") ? (value as readonly number[]) : undefined;
};

function fill(context: LoweringContext, view: View, value: number): void {
  if (viewSize(view) === 0) return;
  context.step(
    elementwiseKernel(
      { expression: scalarConstant(value), inputs: [], output: { view, boolean: false }, threads: context.threads },
      context.target,
    ),
    [view],
  );
}

/** Padding with a constant: the input's copy, and the border filled slab by slab. */
export const padLowering: Lowering = {
  types: ["Pad"],
  accepts: (node) =>
    node.attributes["pad_mode"] === "constant" &&
    node.inputs[0].elementType === "f32" &&
    (node.inputs[3] === undefined || node.inputs[3].constant !== undefined) &&
    [1, 2].every((i) => numbers(node, i)?.every((p) => p >= 0) === true),
  lower(context, { anchor }) {
    const input = context.view(anchor.inputs[0]);
    const begins = numbers(anchor, 1) as readonly number[];
    const value = anchor.inputs[3] ? (context.floats(anchor.inputs[3]) as Float32Array)[0] : 0;
    const output = context.allocateOutput(anchor.outputs[0], orderOf({ ...input, shape: anchor.outputs[0].shape }));
    context.define(anchor.outputs[0], output);
    let rest = output;
    for (let axis = 0; axis < input.shape.length; axis++) {
      const size = input.shape[axis];
      const end = begins[axis] + size;
      fill(context, sliceView(rest, axis, 0, begins[axis]), value);
      fill(context, sliceView(rest, axis, end, rest.shape[axis] - end), value);
      rest = sliceView(rest, axis, begins[axis], size);
    }
    context.copy(input, rest);
  },
};
