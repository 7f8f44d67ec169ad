import { shapeSize } from "../../common/shape.ts";
import { int, string } from "../../model/attribute.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { transposeTensor } from "./transpose.ts";

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
    const block = context.attributes["block_size"] as number;
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
  evaluate: ({ node, attributes, inputs: [data] }) => {
    const block = attributes["block_size"] as number;
    const [batch, channels, ...spatial] = data.shape;
    if (spatial.some((d) => d % block !== 0))
      node.fail("a spatial axis is not filled by blocks", { expected: `multiples of ${block}`, got: `[${spatial}]` });
    const k = spatial.length;
    const split = data.reshaped([batch, channels, ...spatial.flatMap((d) => [d / block, block])]);
    const outer = spatial.map((_, i) => 2 + 2 * i);
    const inner = spatial.map((_, i) => 3 + 2 * i);
    const order = attributes["mode"] === "blocks_first" ? [0, ...inner, 1, ...outer] : [0, 1, ...inner, ...outer];
    const cells = shapeSize(new Array<number>(k).fill(block));
    return [transposeTensor(split, order).reshaped([batch, channels * cells, ...spatial.map((d) => d / block)])];
  },
});
