import { normalizeAxis } from "../../../common/shape.ts";
import { knownValue, type Node } from "../../../model/node.ts";
import type { ElementType } from "../../../tensor/element-type.ts";
import { gatherKernel } from "../kernels/gather-rows.ts";
import type { Lowering } from "../lowering.ts";

/** What index loads read exactly. */
const indexTypes: readonly ElementType[] = ["i64", "i32", "i16", "u16", "i8", "u8"];

/** The axis, where it is known. */
function axisOf(node: Node): number | undefined {
  const value = knownValue(node.inputs[2]);
  return typeof value?.[0] === "number" ? normalizeAxis(value[0], node.inputs[0].shape.length) : undefined;
}

/** Gather without batches, embeddings among them: rows copied by index loads. */
export const gatherLowering: Lowering = {
  types: ["Gather"],
  accepts: (node) =>
    axisOf(node) !== undefined &&
    (node.attributes["batch_dims"] ?? 0) === 0 &&
    indexTypes.includes(node.inputs[1].elementType) &&
    !node.inputs[0].shape.includes(0) &&
    node.inputs[0].shape.every((d) => d < 2 ** 30),
  lower(context, { anchor }) {
    const [data, indices] = [context.view(anchor.inputs[0]), context.view(anchor.inputs[1])];
    const output = context.allocateOutput(
      anchor.outputs[0],
      anchor.outputs[0].shape.map((_, i) => i),
    );
    context.define(anchor.outputs[0], output);
    const problem = { data, indices, output, axis: axisOf(anchor) as number, threads: context.threads };
    context.step(context.kernels(gatherKernel, problem), [data, indices, output]);
  },
};
