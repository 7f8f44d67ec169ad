import type { Node } from "../../../model/node.ts";
import type { WindowAxis } from "../kernels/convolution-window.ts";
import { slidingWindowKernel, widestWindow, windowReciprocals } from "../kernels/sliding-window.ts";
import type { Lowering } from "../lowering.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { hasSmallPositions, windowAxes } from "../window-axes.ts";

const spatial = (node: Node, side: "inputs" | "outputs"): number[] => node[side][0].shape.slice(2);
const axesOf = (node: Node): readonly [WindowAxis, WindowAxis] =>
  windowAxes(node, spatial(node, "inputs"), spatial(node, "outputs"), node.attributes["kernel"] as readonly number[]);

/** Whether windows stay inside the input and its padding at the end: with rounding up they may not. */
function staysInPadding(node: Node): boolean {
  const ends = (node.attributes["pads_end"] as readonly number[] | undefined) ?? [0, 0];
  return axesOf(node).every((a, i) => (a.output - 1) * a.stride - a.pad + (a.kernel - 1) * a.dilation < a.input + ends[i]);
}

const touchesPadding = (axes: readonly WindowAxis[]): boolean =>
  axes.some((a) => a.pad > 0 || (a.output - 1) * a.stride - a.pad + (a.kernel - 1) * a.dilation >= a.input);

/** Max and average pooling of feature maps, without index outputs. */
export const poolingLowering: Lowering = {
  types: ["MaxPool", "AvgPool"],
  accepts: (node, isUsed) => {
    if (node.inputs[0].shape.length !== 4 || node.inputs[0].shape.includes(0) || node.outputs.slice(1).some(isUsed)) return false;
    const register = registerOf(node.inputs[0].elementType);
    if (register !== "f32" && !(register === "i32" && node.type === "MaxPool")) return false;
    if (axesOf(node)[1].kernel > widestWindow || !hasSmallPositions(axesOf(node))) return false;
    return node.type === "MaxPool" || node.attributes["exclude-pad"] === true || staysInPadding(node);
  },
  takesEpilogue: () => true,
  lower(context, group) {
    const { anchor } = group;
    const [y, x] = axesOf(anchor);
    const input = context.contiguousAlong(context.view(anchor.inputs[0]), 1);
    const extras = context.epilogueInputs(group, 1);
    const output = context.allocateOutput(group.output, undefined, 1);
    context.define(group.output, output);
    const average = anchor.type === "AvgPool";
    const inside = average && anchor.attributes["exclude-pad"] === true && touchesPadding([y, x]);
    const reduce = average ? (inside ? "meanInside" : "mean") : "max";
    const kernel = slidingWindowKernel(
      {
        input,
        output,
        y,
        x,
        reduce,
        threads: context.threads,
        ...(group.expression && { epilogue: { expression: group.expression, inputs: extras } }),
      },
      context.target,
    );
    const table = inside ? [context.constant({ reciprocals: [y, x] }, [y.output, x.output], "f32", () => windowReciprocals(y, x))] : [];
    context.step(kernel, [input, ...table, output, ...extras]);
  },
};
