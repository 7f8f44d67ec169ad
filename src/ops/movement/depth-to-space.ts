import { int, string } from "../../model/attribute.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { transposeTensor } from "./transpose.ts";

/** Moves channels into blocks of pixels: [n, c, spatial ...] to [n, c / block^rank, spatial * block ...]. */
export const DepthToSpace = defineOp({
  type: "DepthToSpace",
  since: "opset1",
  attributes: { block_size: int(1), mode: string({ oneOf: ["blocks_first", "depth_first"] }) },
  inputs: 1,
  infer: (context) => {
    const [data] = context.inputs;
    const dimensions = data.partialShape.dimensions;
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    if (dimensions.length < 3) context.fail("feature maps of rank 3 or more are needed", { got: String(data.partialShape) });
    const block = context.attributes["block_size"] as number;
    const parts = block ** (dimensions.length - 2);
    if (block < 1 || (isKnown(dimensions[1]) && dimensions[1] % parts !== 0))
      context.fail("the channels cannot be divided into blocks", { expected: `a multiple of ${parts}`, got: String(data.partialShape) });
    return [
      outputSpec(data.elementType, [
        dimensions[0],
        floorDivideDimension(dimensions[1], parts),
        ...dimensions.slice(2).map((d) => multiplyDimensions(d, block)),
      ]),
    ];
  },
  evaluate: ({ inputs: [data], attributes }) => {
    const block = attributes["block_size"] as number;
    const [batch, channels, ...spatial] = data.shape;
    const rank = spatial.length;
    const depth = channels / block ** rank;
    const blocks = spatial.map(() => block);
    const blocksFirst = attributes["mode"] === "blocks_first";
    const split = data.reshaped([batch, ...(blocksFirst ? [...blocks, depth] : [depth, ...blocks]), ...spatial]);
    const blockAxis = blocksFirst ? 1 : 2;
    const order = [0, blocksFirst ? rank + 1 : 1, ...spatial.flatMap((_, i) => [rank + 2 + i, blockAxis + i])];
    return [transposeTensor(split, order).reshaped([batch, depth, ...spatial.map((d) => d * block)])];
  },
});

/** Moves blocks of pixels into channels: the inverse of DepthToSpace. */
export const SpaceToDepth = defineOp({
  type: "SpaceToDepth",
  since: "opset1",
  attributes: { block_size: int(1), mode: string({ oneOf: ["blocks_first", "depth_first"] }) },
  inputs: 1,
  infer: (context) => {
    const [data] = context.inputs;
    const dimensions = data.partialShape.dimensions;
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    if (dimensions.length < 3) context.fail("feature maps of rank 3 or more are needed", { got: String(data.partialShape) });
    const block = context.attributes["block_size"] as number;
    const uneven = dimensions.slice(2).find((d) => isKnown(d) && d % block !== 0);
    if (uneven !== undefined)
      context.fail("the pixels cannot be divided into blocks", { expected: `a multiple of ${block}`, got: String(data.partialShape) });
    return [
      outputSpec(data.elementType, [
        dimensions[0],
        multiplyDimensions(dimensions[1], block ** (dimensions.length - 2)),
        ...dimensions.slice(2).map((d) => floorDivideDimension(d, block)),
      ]),
    ];
  },
  evaluate: ({ inputs: [data], attributes }) => {
    const block = attributes["block_size"] as number;
    const [batch, channels, ...spatial] = data.shape;
    const rank = spatial.length;
    const split = data.reshaped([batch, channels, ...spatial.flatMap((d) => [d / block, block])]);
    const blocks = spatial.map((_, i) => 3 + 2 * i);
    const order = [0, ...(attributes["mode"] === "blocks_first" ? [...blocks, 1] : [1, ...blocks]), ...spatial.map((_, i) => 2 + 2 * i)];
    const shape = [batch, channels * block ** rank, ...spatial.map((d) => d / block)];
    return [transposeTensor(split, order).reshaped(shape)];
  },
});
