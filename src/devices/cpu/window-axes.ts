import type { Node } from "../../model/node.ts";
import { type SpatialAxis, spatialAxes } from "../../ops/nn/spatial-geometry.ts";
import type { WindowAxis } from "./kernels/convolution-window.ts";

const unit: WindowAxis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, pad: 0 };

const windowOf = ({ input, output, kernel, stride, dilation, padBegin }: SpatialAxis): WindowAxis => ({
  input,
  output,
  kernel,
  stride,
  dilation,
  pad: padBegin,
});

/** The y and x windows of a convolution or pooling node; one spatial dimension is x over a height of 1. */
export function windowAxes(
  node: Node,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): readonly [WindowAxis, WindowAxis] {
  const axes = spatialAxes(node, input, output, kernel).map(windowOf);
  return axes.length === 1 ? [unit, axes[0]] : [axes[0], axes[1]];
}

/**
 * Whether positions of all windows, those outside of the input too, are 32-bit integers, as WebAssembly computes them. Padding and
 * dilation are numbers in a file, bound to nothing.
 */
export const hasSmallPositions = (axes: readonly WindowAxis[]): boolean =>
  axes.every((a) => a.input + a.output * a.stride + a.kernel * a.dilation + Math.abs(a.pad) < 2 ** 31);
