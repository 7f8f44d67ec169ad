import { node, type Node } from "../../model/node.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { ReduceSum } from "../../ops/reduction/reduce-sum.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { alongWeights, constantWeights } from "./weights.ts";

/**
 * An offset of a convolution's input channels becomes an offset of its output, the offset's own convolution: only
 * without padding, where every output sees all of the weights.
 */
export const addBeforeConvolution = rewrite("add-before-convolution", ["Convolution", "GroupConvolution"], (convolution, context) => {
  const [data, weights] = convolution.inputs;
  const add = producer(data, "Add");
  const parts = add && splitConstant(add);
  if (parts === undefined || !context.isPrivate(data) || constantWeights(convolution) === undefined || isPadded(convolution))
    return undefined;
  const offset = alongWeights(convolution, parts.constant, "input");
  if (offset === undefined) return undefined;
  const grouped = convolution.type === "GroupConvolution" ? 1 : 0;
  const rank = weights.shape.length - grouped;
  const summed = Array.from({ length: rank - 1 }, (_, i) => grouped + 1 + i);
  const sum = build(ReduceSum, [build(Multiply, [weights, offset]), constantOf("i64", summed)], { keep_dims: false });
  const perChannel = build(Reshape, [sum, constantOf("i64", [1, -1, ...new Array<number>(rank - 2).fill(1)])], { special_zero: false });
  const bare = node(convolution.op, [parts.data, weights], convolution.attributes).outputs[0];
  return node(Add, [bare, perChannel]).outputs[0];
});

function isPadded({ attributes }: Node): boolean {
  if (attributes["auto_pad"] === "valid") return false;
  const pads = [...(attributes["pads_begin"] as readonly number[]), ...(attributes["pads_end"] as readonly number[])];
  return attributes["auto_pad"] !== "explicit" || pads.some((p) => p !== 0);
}
