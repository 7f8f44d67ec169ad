import { normalizeAxis } from "../../../common/shape.ts";
import type { Node } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { orderOf, sliceView, type View } from "../../../lowering/view.ts";

const axisOf = (node: Node): number => normalizeAxis(node.attributes["axis"] as number, node.outputs[0].shape.length) as number;

/** Tells the producers of a concatenation's inputs to write where they will be read. */
export function placeConcatInputs(context: LoweringContext, node: Node): void {
  if (node.type !== "Concat") return;
  const axis = axisOf(node);
  let begin = 0;
  for (const input of node.inputs) {
    if (input.constant === undefined && isFirstUse(node, input)) context.place(input, { concat: node.outputs[0], axis, begin });
    begin += input.shape[axis];
  }
}

const isFirstUse = (node: Node, input: Output): boolean => node.inputs.indexOf(input) === node.inputs.lastIndexOf(input);

/** Copies what its producer could not write in place. */
export const concatLowering: Lowering = {
  types: ["Concat"],
  accepts: () => true,
  lower(context, { anchor }) {
    const axis = axisOf(anchor);
    const output = anchor.outputs[0];
    const views = anchor.inputs.map((i) => context.view(i));
    const largest = views.reduce((a, b) => (b.shape[axis] > a.shape[axis] ? b : a));
    const whole = context.isDefined(output) ? context.view(output) : context.allocateOutput(output, orderOf(largest));
    context.define(output, whole);
    let begin = 0;
    for (const view of views) {
      const part: View = sliceView(whole, axis, begin, view.shape[axis]);
      if (view.block !== part.block || view.offset !== part.offset) context.copy(view, part);
      begin += view.shape[axis];
    }
  },
};
