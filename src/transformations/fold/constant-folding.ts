import type { Output } from "../../model/output.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { elementTypes } from "../../tensor/element-type.ts";
import { evaluateNode } from "../evaluate-node.ts";
import type { Rewrite } from "../rewrite.ts";

export interface ConstantFoldingOptions {
  /** Keep the f16-to-f32 Converts of compressed weights, for a model that will be written again. */
  readonly keepDecompression: boolean;
}

/** Results may take this many bytes, or as many as the inputs: a Broadcast of a scalar to a large tensor stays an operation. */
const maxGrowth = 1 << 20;

/** Operations on constants are done once and for all. */
export const constantFolding = ({ keepDecompression }: ConstantFoldingOptions): Rewrite => ({
  name: "constant-folding",
  apply(node) {
    if (node.inputs.length === 0 || !node.inputs.every((input) => input.node.constant !== undefined)) return undefined;
    const decompresses = node.rtInfo.has("decompression");
    if (keepDecompression && decompresses) return undefined;
    if (!decompresses && sizeOf(node.outputs) > maxGrowth + sizeOf(node.inputs)) return undefined;
    return evaluateNode(node)?.map((tensor) => constantNode(tensor).outputs[0]);
  },
});

/** Bytes of static outputs; those of unknown size (NonZero) are small. */
function sizeOf(outputs: readonly Output[]): number {
  let bytes = 0;
  for (const { partialShape, elementType } of outputs)
    if (partialShape.isStatic) bytes += Math.ceil((partialShape.toShape().reduce((n, d) => n * d, 1) * elementTypes[elementType].bits) / 8);
  return bytes;
}
