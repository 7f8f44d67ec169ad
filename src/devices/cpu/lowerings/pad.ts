import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { constant as scalarConstant } from "../../../model/scalar-expression.ts";
import { type PadMode, sourcePosition } from "../../../ops/movement/pad.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import { gatherKernel } from "../kernels/gather-rows.ts";
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

/** Padding: the input's copy, and the border filled slab by slab. */
export const padLowering: Lowering = {
  types: ["Pad"],
  accepts: (node) => {
    const pads = [1, 2].flatMap((i) => numbers(node, i) ?? [Number.NaN]);
    if (!pads.every(Number.isInteger)) return false;
    // What is cut off may be what is mirrored.
    if (node.attributes["pad_mode"] !== "constant") return pads.every((p) => p >= 0) && !node.inputs[0].shape.includes(0);
    return node.inputs[3] === undefined || node.inputs[3].constant !== undefined;
  },
  lower(context, { anchor }) {
    const input = context.view(anchor.inputs[0]);
    const begins = numbers(anchor, 1) as readonly number[];
    if (anchor.attributes["pad_mode"] === "constant") padWithConstant(context, anchor, input, begins);
    else padWithInput(context, anchor, input, begins);
  },
};

function padWithConstant(context: LoweringContext, anchor: Node, input: View, begins: readonly number[]): void {
  const value = bitsOfElement(input, anchor.inputs[3]?.constant);
  const output = context.allocateOutput(anchor.outputs[0], orderOf({ ...input, shape: anchor.outputs[0].shape }));
  context.define(anchor.outputs[0], output);
  let [rest, source] = [output, input];
  for (let axis = 0; axis < input.shape.length; axis++) {
    // Negative pads cut.
    const from = Math.max(0, -begins[axis]);
    const begin = Math.max(0, begins[axis]);
    const length = rest.shape[axis];
    const size = Math.max(0, Math.min(input.shape[axis] - from, length - begin));
    fill(context, sliceView(rest, axis, 0, Math.min(begin, length)), value);
    fill(context, sliceView(rest, axis, begin + size, Math.max(0, length - begin - size)), value);
    rest = sliceView(rest, axis, begin, size);
    source = sliceView(source, axis, from, size);
  }
  context.copy(source, rest);
}

/** Borders that repeat or mirror the input: axis by axis, by rows picked with a table. */
function padWithInput(context: LoweringContext, anchor: Node, input: View, begins: readonly number[]): void {
  const mode = anchor.attributes["pad_mode"] as PadMode;
  const shape = anchor.outputs[0].shape;
  const axes = shape.map((_, i) => i).filter((i) => shape[i] !== input.shape[i]);
  let data = input;
  for (const [i, axis] of axes.entries()) {
    const length = data.shape[axis];
    const wanted = data.shape.map((d, a) => (a === axis ? shape[axis] : d));
    const output =
      i === axes.length - 1
        ? context.allocateOutput(anchor.outputs[0], orderOf({ ...input, shape }))
        : context.allocate(wanted, input.element, orderOf({ ...input, shape: wanted }), `${anchor.friendlyName} axis ${axis}`);
    const border = (begin: number, count: number): void => {
      if (count === 0) return;
      const positions = Int32Array.from({ length: count }, (_, p) => sourcePosition(begin + p - begins[axis], length, mode));
      const indices = context.constant({ positions }, [count], "i32", () => positions);
      const problem = { data, indices, output: sliceView(output, axis, begin, count), axis, threads: context.threads };
      context.step(context.kernels(gatherKernel, problem), [data, indices, problem.output]);
    };
    const end = begins[axis] + length;
    border(0, begins[axis]);
    context.copy(data, sliceView(output, axis, begins[axis], length));
    border(end, shape[axis] - end);
    data = output;
  }
  context.define(anchor.outputs[0], data);
}
