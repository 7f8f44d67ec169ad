import type { Consumer } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";

/** What a rewrite may ask of the graph around its node. */
export interface RewriteContext {
  /** Who reads an output; Results count. */
  consumers(output: Output): readonly Consumer[];
  /** Exactly one input in the whole model reads this output, and it is not the model's own output. */
  isPrivate(output: Output): boolean;
}

/**
 * A named pure function. `apply` looks at one node and what it depends on, and gives one replacement for each of the
 * node's outputs: outputs of new nodes, or outputs that exist already. It never edits a node; the driver
 * (run-rewrites.ts) rewires, names and infers. `undefined` means: does not apply.
 */
export interface Rewrite {
  readonly name: string;
  /** The operation types that it may replace, so that the driver does not ask in vain; absent: all. */
  readonly types?: readonly string[];
  readonly apply: (node: Node, context: RewriteContext) => readonly Output[] | undefined;
}

/** A rewrite of single-output nodes: `apply` gives the one replacement. */
export const rewrite = (
  name: string,
  types: readonly string[],
  apply: (node: Node, context: RewriteContext) => Output | undefined,
): Rewrite => ({
  name,
  types,
  apply(node, context) {
    const replacement = apply(node, context);
    return replacement && [replacement];
  },
});
