import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { constant as scalarConstant } from "../../../model/scalar-expression.ts";
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

/** For each position of a padded axis, the one that it repeats; undefined where the padding reaches beyond the input. */
function mirrored(mode: unknown, size: number, begin: number, end: number): Int32Array | undefined {
  const table = Int32Array.from({ length: begin + size + end }, (_, i) => {
    const at = i - begin;
    if (mode === "edge") return Math.min(size - 1, Math.max(0, at));
    const beyond = mode === "symmetric" ? 1 : 0;
    return at < 0 ? -at - beyond : at < size ? at : 2 * size - 2 + beyond - at;
  });
  return table.every((at) => at >= 0 && at < size) ? table : undefined;
}

/** The padded axes of a node whose padding repeats the input; undefined where not all can be had from tables. */
function tables(node: Node): ReadonlyMap<number, Int32Array> | undefined {
  const [begins, ends] = [numbers(node, 1) as readonly number[], numbers(node, 2) as readonly number[]];
  const found = new Map<number, Int32Array>();
  for (const [axis, size] of node.inputs[0].shape.entries()) {
    if (begins[axis] + ends[axis] === 0) continue;
    const table = mirrored(node.attributes["pad_mode"], size, begins[axis], ends[axis]);
    if (table === undefined) return undefined;
    found.set(axis, table);
  }
  return found;
}

/** Reflect, symmetric, edge: axis after axis, rows gathered by a table. */
function lowerMirrored(context: LoweringContext, node: Node): void {
  let data = context.view(node.inputs[0]);
  const padded = [...(tables(node) as ReadonlyMap<number, Int32Array>)];
  for (const [i, [axis, table]] of padded.entries()) {
    const shape = data.shape.with(axis, table.length);
    const order = orderOf({ ...data, shape });
    const isLast = i === padded.length - 1;
    const output = isLast
      ? context.allocateOutput(node.outputs[0], order)
      : context.allocate(shape, data.element, order, node.friendlyName);
    const indices = context.constant({ table: [...table] }, [table.length], "i32", () => table);
    const problem = { data, indices, output, axis, threads: context.threads };
    context.step(context.kernels(gatherKernel, problem), [data, indices, output]);
    data = output;
  }
  context.define(node.outputs[0], data);
}

/** Padding with a constant: the input's copy, and the border filled slab by slab. Padding that repeats the input: by tables. */
export const padLowering: Lowering = {
  types: ["Pad"],
  accepts: (node) => {
    if (![1, 2].every((i) => numbers(node, i)?.every((p) => p >= 0) === true)) return false;
    if (node.attributes["pad_mode"] === "constant") return node.inputs[3] === undefined || node.inputs[3].constant !== undefined;
    return !node.inputs[0].shape.includes(0) && (tables(node)?.size ?? 0) > 0;
  },
  lower(context, { anchor }) {
    if (anchor.attributes["pad_mode"] !== "constant") return lowerMirrored(context, anchor);
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
