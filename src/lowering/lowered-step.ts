import type { Kernel } from "../kernel/kernel.ts";
import type { Node } from "../model/node.ts";
import type { View } from "./view.ts";

/** One step of a lowered model. */
export type LoweredStep =
  | { readonly kind: "kernel"; readonly kernel: Kernel; readonly operands: readonly View[]; readonly nodes: readonly Node[] }
  /** An operation without a kernel: its reference semantics, run on the host between programs. */
  | {
      readonly kind: "host";
      readonly node: Node;
      /** Constants need no view: the host has their tensors. */
      readonly inputs: readonly (View | undefined)[];
      readonly outputs: readonly View[];
      readonly nodes: readonly Node[];
    };

export const viewsOf = (step: LoweredStep): readonly View[] =>
  step.kind === "kernel" ? step.operands : [...step.inputs.filter((v) => v !== undefined), ...step.outputs];
