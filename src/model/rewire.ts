import type { Model } from "./model.ts";
import type { Output } from "./output.ts";

/**
 * Makes every reader of `from` read `to` instead, nodes that make `to` excepted, so that new nodes may be put behind an
 * output. Names stay where they are, and nothing is inferred anew: call `model.validate()` when done.
 */
export function replaceOutput(model: Model, from: Output, to: Output): void {
  const makers = new Set([to.node]);
  for (const node of makers) for (const input of node.inputs) if (input !== from) makers.add(input.node);
  for (const [output, consumers] of model.consumers())
    if (output === from) for (const { node, input } of consumers) if (!makers.has(node)) node.setInput(input, to);
}
