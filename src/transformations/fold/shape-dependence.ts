import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";

/**
 * Answers whether an output's value comes from the shape of an activation, and so would change when the model is
 * reshaped, though the shape is known now. The rank of an activation never changes.
 */
export function shapeDependence(): (output: Output) => boolean {
  const memo = new WeakMap<Node, boolean>();
  const depends = (node: Node): boolean => {
    const seen = memo.get(node);
    if (seen !== undefined) return seen;
    memo.set(node, false);
    const answer = node.op.shapeOnly
      ? !isRank(node) && node.inputs[0].node.constant === undefined
      : node.inputs.some((i) => depends(i.node));
    memo.set(node, answer);
    return answer;
  };
  return (output) => depends(output.node);
}

const isRank = (node: Node): boolean => node.inputs[0].node.op.shapeOnly === true;
