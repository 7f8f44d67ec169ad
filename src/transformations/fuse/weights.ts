import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { isFloat } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { build, constantOf } from "../evaluate-node.ts";

/** Which axes of the weights, input 1, are channels. Groups come first where there are any. */
interface WeightLayout {
  readonly groups: boolean;
  readonly output: number;
  readonly input: number;
}

const layouts: Readonly<Record<string, WeightLayout>> = {
  Convolution: { groups: false, output: 0, input: 1 },
  GroupConvolution: { groups: true, output: 1, input: 2 },
  ConvolutionBackpropData: { groups: false, output: 1, input: 0 },
  GroupConvolutionBackpropData: { groups: true, output: 2, input: 1 },
};

/** Operations that sum products of channels with weights. */
export const convolutions: readonly string[] = Object.keys(layouts);

/** The weights of a convolution if they are a constant of floats. */
export function constantWeights({ inputs: [, weights] }: Node): Tensor | undefined {
  const tensor = weights.node.constant;
  return tensor !== undefined && isFloat(tensor.elementType) ? tensor : undefined;
}

/**
 * A constant that is one number, or one number for each channel (axis 1), shaped to broadcast onto the weights along
 * the given side. Undefined where it varies along another axis or widens the data.
 */
export function alongWeights(convolution: Node, constant: Output, side: "input" | "output"): Output | undefined {
  const layout = layouts[convolution.type];
  const { shape } = convolution.inputs[1];
  const channels = shape[layout[side]] * (layout.groups ? shape[0] : 1);
  const count = channelCount(constant.shape, shape.length - (layout.groups ? 1 : 0), channels);
  if (count === undefined) return undefined;
  const target = shape.map(() => 1);
  if (count > 1) {
    target[layout[side]] = shape[layout[side]];
    if (layout.groups) target[0] = shape[0];
  }
  return build(Reshape, [constant, constantOf("i64", target)], { special_zero: false });
}

/** 1 for a single number, the channels for a vector along axis 1 of a tensor of this rank, else undefined. */
export function channelCount(shape: readonly number[], rank: number, channels: number): number | undefined {
  if (shape.length > rank) return undefined;
  const axis = shape.length - rank + 1;
  return shape.every((d, i) => d === 1 || (i === axis && d === channels)) ? (shape[axis] ?? 1) : undefined;
}
