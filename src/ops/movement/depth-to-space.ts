import { shapeSize } from "../../common/shape.ts";
import { int, string } from "../../model/attribute.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { type BlockAttributes, type BlockMovement, reshaped, transposed } from "./block-movement.ts";
import { transposeTensor } from "./transpose.ts";

/** The reshape, the transpose and the reshape that the operation is. */
function movement(attributes: BlockAttributes, [batch, channels, ...spatial]: readonly number[]): BlockMovement {
  const block = attributes.block_size;
  const k = spatial.length;
  const blocks = new Array<number>(k).fill(block);
  const depth = channels / shapeSize(blocks);
  const blocksFirst = attributes.mode === "blocks_first";
  const firstBlock = blocksFirst ? 1 : 2;
  return {
    split: blocksFirst ? [batch, ...blocks, depth, ...spatial] : [batch, depth, ...blocks, ...spatial],
    order: [0, blocksFirst ? k + 1 : 1, ...spatial.flatMap((_, i) => [k + 2 + i, firstBlock + i])],
    shape: [batch, depth, ...spatial.map((d) => d * block)],
  };
}

/**
 * Moves channels into blocks of the spatial axes: [N, C * b^k, spatial...] to [N, C, spatial * b ...]. The block's position
 * is the slow part of the channel number in mode `blocks_first`, the fast one in `depth_first`.
 */
export const DepthToSpace = defineOp({
  type: "DepthToSpace",
  since: "opset1",
  attributes: { block_size: int(1), mode: string({ oneOf: ["blocks_first", "depth_first"] }) },
  inputs: 1,
  infer: (context) => {
    const data = context.inputs[0];
    const block = context.attributes.block_size;
    const dimensions = data.partialShape.dimensions;
    if (block < 1) context.fail("block_size must be positive", { got: String(block) });
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    if (dimensions.length < 3) context.fail("the data needs batch, channels and a spatial axis", { got: `${data.partialShape}` });
    const [batch, channels, ...spatial] = dimensions;
    const cells = block ** spatial.length;
    if (isKnown(channels) && channels % cells !== 0)
      context.fail("the channels do not fill the blocks", { expected: `a multiple of ${cells}`, got: `${channels}` });
    return [
      outputSpec(data.elementType, [batch, floorDivideDimension(channels, cells), ...spatial.map((d) => multiplyDimensions(d, block))]),
    ];
  },
  decompose: ({ attributes, inputs: [data] }) => {
    if (!data.partialShape.isStatic) return undefined;
    const { split, order, shape } = movement(attributes, data.shape);
    return reshaped(transposed(reshaped(data, split), order), shape).node.outputs;
  },
  evaluate: ({ attributes, inputs: [data] }) => {
    const { split, order, shape } = movement(attributes, data.shape);
    return [transposeTensor(data.reshaped(split), order).reshaped(shape)];
  },
});
