import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { alignShape } from "../../ops/auto-broadcast.ts";
import { constant } from "../../ops/infrastructure/constant.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { Unsqueeze } from "../../ops/shape/unsqueeze.ts";
import type { Attributes } from "../../model/attribute.ts";
import type { Rewrite } from "../rewrite.ts";

/** PaddlePaddle's broadcasting as numpy's, which all else here expects: the second shape gets ones at its end. */
export const paddleBroadcast: Rewrite = {
  name: "paddle-broadcast",
  apply: ({ op, inputs, attributes, friendlyName }) => {
    if (attributes["auto_broadcast"] !== "pdpd") return undefined;
    const rank = inputs[0].partialShape.rank;
    const aligned = inputs.map((input, i) => (i === 0 ? input : rank === undefined ? undefined : align(input, rank, attributes)));
    if (!aligned.every((input) => input !== undefined)) return undefined;
    const numpy = { ...attributes, auto_broadcast: "numpy", "auto_broadcast.auto_broadcast_axis": undefined };
    return node(op, aligned, numpy, { friendlyName }).outputs;
  },
};

function align(input: Output, rank: number, attributes: Attributes): Output | undefined {
  const { dimensions, isStatic } = input.partialShape;
  if (dimensions === undefined) return undefined;
  const shape = alignShape(attributes, rank, dimensions);
  if (shape === undefined) return undefined;
  const added = shape.length - dimensions.length;
  if (added === 0) return input;
  const axes = Array.from({ length: added }, (_, i) => dimensions.length + i);
  if (added > 0) return node(Unsqueeze, [input, constant("i64", axes)]).outputs[0];
  return isStatic ? node(Reshape, [input, constant("i64", shape as readonly number[])], { special_zero: false }).outputs[0] : undefined;
}
