import { shapeSize } from "../../common/shape.ts";
import type { Attributes } from "../../model/attribute.ts";
import type { Node } from "../../model/node.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { convolveGroup, convolveTransposedGroup, multiplyMatrices } from "./channel-sums.ts";
import { asThreeAxes, type SpatialAxis, spatialAxes, transposedAxes, transposedOutputs, windowOutputs } from "./spatial-geometry.ts";

interface Sizes {
  readonly groups: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernel: readonly number[];
}

const isPlain = ({ input, output, kernel, stride, padBegin }: SpatialAxis): boolean =>
  kernel === 1 && stride === 1 && padBegin === 0 && input === output;

/** Runs Convolution (weights [O, I, kernel...]) and GroupConvolution (weights [G, O, I, kernel...]). */
export function evaluateConvolution(node: Node, attributes: Attributes, data: Tensor, weights: Tensor, grouped: boolean): Tensor {
  const [outputChannels, inputChannels, ...kernel] = weights.shape.slice(grouped ? 1 : 0);
  const sizes = { groups: grouped ? weights.shape[0] : 1, inputChannels, outputChannels, kernel };
  const context = { attributes, fail: node.fail.bind(node) };
  const spatial = data.shape.slice(2);
  const output = windowOutputs(context, spatial, kernel) as number[];
  const axes = asThreeAxes(spatialAxes(context, spatial, output, kernel));
  const pointwise = axes.every(isPlain);
  return run(data, weights, sizes, output, (input, taps, to, place) => {
    if (pointwise) multiplyMatrices(taps, [inputChannels, 1], input, shapeSize(spatial), to, place);
    else convolveGroup(input, taps, to, axes, place);
  });
}

/** Runs ConvolutionBackpropData (weights [I, O, kernel...]) and GroupConvolutionBackpropData (weights [G, I, O, kernel...]). */
export function evaluateTransposedConvolution(
  node: Node,
  attributes: Attributes,
  [data, weights]: readonly Tensor[],
  givenOutput: readonly number[] | undefined,
  grouped: boolean,
): Tensor {
  const [inputChannels, outputChannels, ...kernel] = weights.shape.slice(grouped ? 1 : 0);
  const sizes = { groups: grouped ? weights.shape[0] : 1, inputChannels, outputChannels, kernel };
  const context = { attributes, fail: node.fail.bind(node) };
  const spatial = data.shape.slice(2);
  const output = givenOutput ?? (transposedOutputs(context, spatial, kernel) as number[]);
  const axes = asThreeAxes(transposedAxes(context, spatial, output, kernel, givenOutput !== undefined));
  return run(data, weights, sizes, output, (input, taps, to, place) => convolveTransposedGroup(input, taps, to, axes, place));
}

type GroupKernel = (
  input: ReturnType<typeof tensorNumbers>,
  weights: ReturnType<typeof tensorNumbers>,
  output: ReturnType<typeof allocateNumbers>,
  place: Parameters<typeof convolveGroup>[4],
) => void;

function run(data: Tensor, weights: Tensor, sizes: Sizes, spatial: readonly number[], kernel: GroupKernel): Tensor {
  const { groups, inputChannels, outputChannels } = sizes;
  const shape = [data.shape[0], groups * outputChannels, ...spatial];
  const input = tensorNumbers(data);
  const taps = tensorNumbers(weights);
  const output = allocateNumbers(data.elementType, shapeSize(shape));
  const inputGroup = inputChannels * shapeSize(data.shape.slice(2));
  const outputGroup = outputChannels * shapeSize(spatial);
  if (output.length > 0)
    for (let b = 0; b < data.shape[0] * groups; b++)
      kernel(input, taps, output, {
        inputOffset: b * inputGroup,
        outputOffset: b * outputGroup,
        weightOffset: (b % groups) * inputChannels * outputChannels * shapeSize(sizes.kernel),
        inputChannels,
        outputChannels,
      });
  return tensorOfNumbers(data.elementType, shape, output);
}
