import { shapeSize } from "../../common/shape.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import type { ConstantPool } from "./constant-pool.ts";
import { fuse, type Group, type TakesEpilogue } from "../../lowering/fuse.ts";
import { viewElementOf } from "../../lowering/view-element.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { LoweringContext } from "./lowering-context.ts";
import { howToRun, type HowToRun } from "./how-to-run.ts";
import { lowerElementwise } from "./lowerings/elementwise.ts";
import { placeConcatInputs } from "./lowerings/concat.ts";
import { isRowMajor, plainOrder, type View } from "../../lowering/view.ts";

/** A model as steps over views. Inputs and outputs are row-major arena blocks of their own. */
export interface LoweredModel {
  readonly groups: readonly Group[];
  readonly steps: readonly LoweredStep[];
  readonly inputs: readonly View[];
  readonly outputs: readonly View[];
}

/** How a lowered model meets the segments before and behind it. */
export interface Borders {
  /** Inputs that lie in the memory of the segment before, as its views. */
  readonly borders?: readonly (View | undefined)[];
  /** Whether a result is given to the next segment, and may lie anywhere. By default all are the user's. */
  readonly isShared?: (result: number) => boolean;
  /** Whether a result must lie row-major. */
  readonly isDense?: (result: number) => boolean;
}

/** Lowers a model whose shapes are all static. */
export function lower(
  model: Model,
  target: KernelTarget,
  threads: number,
  constants: ConstantPool,
  { borders = [], isShared = () => false, isDense = () => true }: Borders = {},
): LoweredModel {
  const used = new Set<Output>(model.nodes().flatMap((n) => n.inputs));
  const known = new Map<Node, HowToRun>();
  const how = (node: Node): HowToRun => {
    const found = known.get(node) ?? howToRun(node, (o) => used.has(o));
    known.set(node, found);
    return found;
  };
  const takesEpilogue: TakesEpilogue = (node, type) => {
    const means = how(node);
    return means.kind === "lowering" && means.lowering.takesEpilogue?.(node, type) === true;
  };
  const groups = fuse(model, takesEpilogue);
  const context = new LoweringContext(target, threads, constants);
  const inputs = model.inputs.map((i, n) => {
    const source = borders[n];
    const view = source
      ? context.border(source, i.anyName)
      : context.allocate(i.shape, viewElementOf(i.elementType), plainOrder(i.shape.length), i.anyName);
    context.define(i, view);
    return view;
  });
  for (const { anchor } of groups) if (anchor) placeConcatInputs(context, anchor);
  for (const group of groups) {
    context.enter(group);
    const { anchor, output } = group;
    // Tensors without elements need no kernel.
    if (shapeSize(output.shape) === 0 && group.nodes.every((n) => n.outputs.length === 1))
      context.define(output, context.allocateOutput(output));
    else if (anchor === undefined) context.lowerGroup(group, () => lowerElementwise(context, group));
    else {
      const means = how(anchor);
      if (means.kind === "lowering") context.lowerGroup(group, () => means.lowering.lower(context, { ...group, anchor }));
      else context.hostStep(anchor);
    }
  }
  const taken = new Set(inputs.map((v) => v.block));
  const outputs = model.results.map((result, i) => {
    const source = result.inputs[0];
    context.enter({ inputs: [], output: source, nodes: [result] });
    const view = context.view(source);
    if (isShared(i) && (isRowMajor(view) || !isDense(i))) return view;
    // Users read outputs where they lie, so each needs dense memory that nobody else owns.
    if (view.block.kind === "arena" && isRowMajor(view) && !taken.has(view.block) && view.offset === 0) {
      taken.add(view.block);
      return view;
    }
    const copy = context.allocate(view.shape, view.element, plainOrder(view.shape.length), `output ${source.anyName}`);
    context.copy(view, copy);
    return copy;
  });
  return { groups, steps: context.steps, inputs, outputs };
}
