import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import type { Group } from "../../lowering/fuse.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import type { LoweringContext } from "./lowering-context.ts";

/** How operations of some types become views, kernels and steps. */
export interface Lowering {
  /** Operation types, OpenVINO's class names. */
  readonly types: readonly string[];
  /** Whether this node (of static shapes) can be lowered; where not, the host runs it. */
  readonly accepts: (node: Node, isUsed: (output: Output) => boolean) => boolean;
  /** Whether an element-wise operation behind it, whose output is of this type, may become its epilogue. */
  readonly takesEpilogue?: (node: Node, type: ElementType) => boolean;
  readonly lower: (context: LoweringContext, group: Group & { readonly anchor: Node }) => void;
}
