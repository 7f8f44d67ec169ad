import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { constant as scalarConstant } from "../../../model/scalar-expression.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { bitsOf, orderOf, sliceView, type View, viewSize } from "../../../lowering/view.ts";
import { viewElementBytes } from "../../../lowering/view-element.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

const numbers = (node: Node, i: number): readonly number[] | undefined => {
  const value = knownValue(node.inputs[i]);
  return value?.every((d) => typeof d === "number") ? (value as readonly number[]) : undefined;
};

/** Fills a view with an element, given by the bits that `bitsOf` makes of it. */
function fill(context: LoweringContext, view: View, parts: readonly number[]): void {
  if (viewSize(view) === 0) return;
  const bits = bitsOf(view);
  for (const [i, part] of parts.entries()) {
    const output = parts.length === 1 ? bits : sliceView(bits, bits.shape.length - 1, i, 1);
    const problem = { expression: scalarConstant(part), inputs: [], output, threads: context.threads };
    context.step(elementwiseKernel(problem, context.target), [output]);
  }
}

/** The bits of the first element of a tensor (0 where there is none) of a view's type. */
function bitsOfElement({ element }: View, tensor: Tensor | undefined): number[] {
  const bytes = viewElementBytes(element);
  const data = tensor?.data ?? new Uint8Array(bytes);
  const { buffer, byteOffset } = data;
  if (bytes === 1) return [...new Uint8Array(buffer, byteOffset, 1)];
  return [...(bytes === 2 ? new Uint16Array(buffer, byteOffset, 1) : new Int32Array(buffer, byteOffset, bytes / 4))];
}

/** Padding with a constant: the input's copy, and the border filled slab by slab. */
export const padLowering: Lowering = {
  types: ["Pad"],
  accepts: (node) =>
    node.attributes["pad_mode"] === "constant" &&
    (node.inputs[3] === undefined || node.inputs[3].constant !== undefined) &&
    [1, 2].every((i) => numbers(node, i)?.every((p) => p >= 0) === true),
  lower(context, { anchor }) {
    const input = context.view(anchor.inputs[0]);
    const begins = numbers(anchor, 1) as readonly number[];
    const value = bitsOfElement(input, anchor.inputs[3]?.constant);
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
