import type { Group } from "../../../lowering/fuse.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { broadcastView, orderOf, plainOrder, viewSize } from "../../../lowering/view.ts";

/** A group without an anchor: one pass over its output, laid out as its largest input. */
export function lowerElementwise(context: LoweringContext, group: Group): void {
  const shape = group.output.shape;
  const views = group.inputs.map((i) => context.view(i));
  const largest = views
    .filter((v) => v.shape.length === shape.length && viewSize(v) === viewSize({ ...v, shape }))
    .find((v) => v.block.kind !== "constant");
  const output = context.allocateOutput(group.output, largest ? orderOf(largest) : plainOrder(shape.length));
  context.define(group.output, output);
  const inputs = views.map((view) => broadcastView(view, shape));
  const kernel = elementwiseKernel(
    {
      expression: group.expression as NonNullable<typeof group.expression>,
      inputs,
      output,
      threads: context.threads,
    },
    context.target,
  );
  context.step(kernel, [...inputs, output]);
}
