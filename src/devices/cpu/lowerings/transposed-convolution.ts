import type { Node } from "../../../model/node.ts";
import { type SpatialAxis, transposedAxes } from "../../../ops/nn/spatial-geometry.ts";
import { convolutionGroup, finishConvolution, lowerConvolution } from "../lower-convolution.ts";
import type { WindowAxis } from "../kernels/convolution-window.ts";
import type { Lowering } from "../lowering.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { sliceView, type View } from "../../../lowering/view.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type Taps, type WeightAxes, weightNumbers } from "../weight-numbers.ts";

/** Every stride-th output is an ordinary convolution of stride 1 with every stride-th tap, turned around. */
interface Phase {
  readonly first: number;
  readonly axis: WindowAxis;
  /** Taps of the original kernel in the order of the phase's taps. */
  readonly taps: readonly number[];
}

function phasesOf(axis: SpatialAxis): Phase[] {
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(axis.stride, axis.output); first++) {
    const start = (first + axis.padBegin) % axis.stride;
    const taps: number[] = [];
    for (let tap = start; tap < axis.kernel; tap += axis.stride) taps.unshift(tap);
    // Output first + stride * o reads input o + shift - j for the j-th tap from the start.
    const shift = (first + axis.padBegin - start) / axis.stride;
    const output = Math.ceil((axis.output - first) / axis.stride);
    phases.push({
      first,
      taps,
      axis: { input: axis.input, output, kernel: taps.length, stride: 1, dilation: 1, pad: taps.length - 1 - shift },
    });
  }
  return phases;
}

const axesOf = (node: Node, kernel: readonly number[]): SpatialAxis[] =>
  transposedAxes(node, node.inputs[0].shape.slice(2), node.outputs[0].shape.slice(2), kernel, node.inputs.length > 2);

const isSupported = (node: Node): boolean => {
  const grouped = node.type === "GroupConvolutionBackpropData";
  const weights = node.inputs[1];
  const dilations = (node.attributes["dilations"] as readonly number[] | undefined) ?? [];
  if (node.inputs[0].shape.length !== 4 || weights.constant === undefined || node.inputs[0].elementType !== "f32") return false;
  if (dilations.some((d) => d !== 1)) return false;
  const kernel = weights.shape.slice(grouped ? 3 : 2);
  const strides = node.attributes["strides"] as readonly number[];
  // Where the kernel is smaller than the stride, outputs without any tap would have to be filled.
  return kernel.every((d, i) => d >= strides[i]);
};

/** Transposed convolutions of two spatial dimensions: one ordinary convolution for each phase of the stride. */
export const transposedConvolutionLowering: Lowering = {
  types: ["ConvolutionBackpropData", "GroupConvolutionBackpropData"],
  accepts: isSupported,
  takesEpilogue: () => true,
  lower(context, group) {
    const { anchor } = group;
    const grouped = anchor.type === "GroupConvolutionBackpropData";
    const weights = anchor.inputs[1];
    const groups = grouped ? weights.shape[0] : 1;
    const [inputs, outputs, height, width] = weights.shape.slice(grouped ? 1 : 0);
    const input = context.view(anchor.inputs[0]);
    const result = convolutionGroup(context, group, (view) => view);
    const [yAxis, xAxis] = axesOf(anchor, [height, width]);
    for (const y of phasesOf(yAxis))
      for (const x of phasesOf(xAxis)) {
        const phaseOf = (view: View): View =>
          sliceView(sliceView(view, 2, y.first, y.axis.output, yAxis.stride), 3, x.first, x.axis.output, xAxis.stride);
        const taps = (phase: Phase, axis: number, stride: number): Taps => ({ axis, first: phase.taps[0], step: -stride });
        const first = grouped ? 1 : 0;
        const axes: WeightAxes = {
          ...(grouped && { group: 0 }),
          input: first,
          output: first + 1,
          y: taps(y, first + 2, yAxis.stride),
          x: taps(x, first + 3, xAxis.stride),
        };
        lowerConvolution(
          context,
          {
            ...result,
            output: phaseOf(result.output),
            ...(result.epilogue && { epilogue: { ...result.epilogue, inputs: result.epilogue.inputs.map(phaseOf) } }),
          },
          { input, groups, y: y.axis, x: x.axis },
          {
            key: problemKey("phase", { data: context.keyOf(weights), y: y.taps, x: x.taps }),
            read: () => weightNumbers(weights.constant as Tensor, axes),
            outputs,
            inputs,
          },
        );
      }
    finishConvolution(context, result);
  },
};
