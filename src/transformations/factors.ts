import type { Output } from "../model/output.ts";
import { matchNumber } from "./match.ts";
import type { RewriteContext } from "./rewrite.ts";

/** A product read as its factors: the numbers multiplied together, and the rest in order. */
export interface Product {
  readonly scale: number;
  readonly factors: readonly Output[];
}

/**
 * Takes a tree of Multiply, and Divide by a number, apart, as exporters put one product into any order. Inner nodes are
 * entered where nothing else reads them, so that replacing the whole makes them disappear.
 */
export function productOf(root: Output, context: RewriteContext, depth = 3): Product {
  let scale = 1;
  const factors: Output[] = [];
  const visit = (output: Output, left: number): void => {
    const { node } = output;
    const enter = left > 0 && (output === root || context.isPrivate(output));
    if (!enter || (node.type !== "Multiply" && node.type !== "Divide")) {
      factors.push(output);
      return;
    }
    const [a, b] = node.inputs;
    const right = matchNumber(a, b);
    const other = node.type === "Multiply" ? matchNumber(b, a) : undefined;
    if (right !== undefined) {
      scale = node.type === "Multiply" ? scale * right : scale / right;
      visit(a, left - 1);
    } else if (other !== undefined) {
      scale *= other;
      visit(b, left - 1);
    } else if (node.type === "Multiply") {
      visit(a, left - 1);
      visit(b, left - 1);
    } else factors.push(output);
  };
  visit(root, depth);
  return { scale, factors };
}
