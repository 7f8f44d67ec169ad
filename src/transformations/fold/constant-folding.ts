import type { Output } from "../../model/output.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { elementTypes } from "../../tensor/element-type.ts";
import { evaluateNode } from "../evaluate-node.ts";
import type { Rewrite } from "../rewrite.ts";

export interface ConstantFoldingOptions {
  /** Keep the f16-to-f32 Converts of compressed weights, for a model that will be written again. */
  readonly keepDecompression: boolean;
}

/**
 * Results may take this many bytes more than the inputs: a Broadcast of a scalar to a large tensor stays an operation. A device, which
 * has kernels for constant weights only, folds whatever weights are made of.
 */
const maxGrowth = 1 << 20;
const maxGrowthOnDevice = 1 << 26;

/**
 * Operations on constants are done once and for all. Quantized weights stay as small as they are in a model that will be written; a
 * device, which computes with what they stand for, folds them whatever their size.
 */
export const constantFolding = ({ keepDecompression }: ConstantFoldingOptions): Rewrite => ({
  name: "constant-folding",
  apply(node) {
    if (node.inputs.length === 0 || !node.inputs.every((input) => input.node.constant !== undefined)) return undefined;
    const decompresses = node.rtInfo.has("decompression");
    if (keepDecompression && decompresses) return undefined;
    const widens = !keepDecompression && node.outputs.length === 1 && node.inputs.some((i) => sameShape(i, node.outputs[0]));
    const limit = keepDecompression ? maxGrowth : maxGrowthOnDevice;
    if (!decompresses && !widens && sizeOf(node.outputs) > limit + sizeOf(node.inputs)) return undefined;
    return evaluateNode(node)?.map((tensor) => constantNode(tensor).outputs[0]);
  },
});

/** Whether an output has an element for each of the input's: the same numbers, in other types perhaps. */
const sameShape = (a: Output, b: Output): boolean =>
  a.partialShape.isStatic && b.partialShape.isStatic && a.shape.join() === b.shape.join();

/** Bytes of static outputs; those of unknown size (NonZero) are small. */
function sizeOf(outputs: readonly Output[]): number {
  let bytes = 0;
  for (const { partialShape, elementType } of outputs)
    if (partialShape.isStatic) bytes += Math.ceil((partialShape.toShape().reduce((n, d) => n * d, 1) * elementTypes[elementType].bits) / 8);
  return bytes;
}
