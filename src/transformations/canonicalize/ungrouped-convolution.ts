import { node } from "../../model/node.ts";
import { Convolution } from "../../ops/nn/convolution.ts";
import { ConvolutionBackpropData } from "../../ops/nn/convolution-backprop-data.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { rewrite } from "../rewrite.ts";

/** A grouped convolution of one group is a plain one. */
export const ungroupedConvolution = rewrite(
  "ungrouped-convolution",
  ["GroupConvolution", "GroupConvolutionBackpropData"],
  ({ type, inputs: [data, weights, ...rest], attributes }) => {
    const tensor = weights.node.constant;
    if (tensor === undefined || tensor.shape[0] !== 1) return undefined;
    const plain = build(Reshape, [weights, constantOf("i64", tensor.shape.slice(1))], { special_zero: false });
    return node(type === "GroupConvolution" ? Convolution : ConvolutionBackpropData, [data, plain, ...rest], attributes).outputs[0];
  },
);
