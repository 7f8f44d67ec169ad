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
  const outer = spatial.map((_, i) => 2 + 2 * i);
  const inner = spatial.map((_, i) => 3 + 2 * i);
  return {
    split: [batch, channels, ...spatial.flatMap((d) => [d / block, block])],
    order: attributes.mode === "blocks_first" ? [0, ...inner, 1, ...outer] : [0, 1, ...inner, ...outer],
    shape: [batch, channels * block ** spatial.length, ...spatial.map((d) => d / block)],
  };
}

/**
 * Moves blocks of the spatial axes into channels: [N, C, spatial...] to [N, C * b^k, spatial / b ...]. The block's position
 * is the slow part of the channel number in mode `blocks_first`, the fast one in `depth_first`.
 */
export const SpaceToDepth = defineOp({
  type: "SpaceToDepth",
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
    for (const d of spatial)
      if (isKnown(d) && d % block !== 0)
        context.fail("a spatial axis is not filled by blocks", { expected: `a multiple of ${block}`, got: `${d}` });
    return [
      outputSpec(data.elementType, [
        batch,
        multiplyDimensions(channels, block ** spatial.length),
        ...spatial.map((d) => floorDivideDimension(d, block)),
      ]),
    ];
  },
  decompose: ({ attributes, inputs: [data] }) => {
    if (!data.partialShape.isStatic) return undefined;
    const { split, order, shape } = movement(attributes, data.shape);
    return reshaped(transposed(reshaped(data, split), order), shape).node.outputs;
  },
  evaluate: ({ node, attributes, inputs: [data] }) => {
    const block = attributes.block_size;
    const spatial = data.shape.slice(2);
    if (spatial.some((d) => d % block !== 0))
      node.fail("a spatial axis is not filled by blocks", { expected: `multiples of ${block}`, got: `[${spatial}]` });
    const { split, order, shape } = movement(attributes, data.shape);
    return [transposeTensor(data.reshaped(split), order).reshaped(shape)];
  },
});
