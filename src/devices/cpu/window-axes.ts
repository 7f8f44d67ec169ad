import type { Node } from "../../model/node.ts";
import type { WindowAxis } from "./kernels/convolution-window.ts";

const unit = (input: number): WindowAxis => ({ input, output: input, kernel: 1, stride: 1, dilation: 1, pad: 0 });

/** The y and x windows of a convolution or pooling node; one spatial dimension is x over a height of 1. */
export function windowAxes(
  node: Node,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): readonly [WindowAxis, WindowAxis] {
  const list = (name: string, otherwise: number): readonly number[] =>
    (node.attributes[name] as readonly number[] | undefined) ?? input.map(() => otherwise);
  const strides = list("strides", 1);
  const dilations = list("dilations", 1);
  const begins = list("pads_begin", 0);
  const autoPad = node.attributes["auto_pad"] as string | undefined;
  const axes = input.map((size, i): WindowAxis => {
    const axis = { input: size, output: output[i], kernel: kernel[i], stride: strides[i], dilation: dilations[i] };
    if (autoPad === "valid") return { ...axis, pad: 0 };
    if (autoPad !== "same_upper" && autoPad !== "same_lower") return { ...axis, pad: begins[i] };
    const total = Math.max(0, (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - size);
    return { ...axis, pad: autoPad === "same_upper" ? Math.floor(total / 2) : Math.ceil(total / 2) };
  });
  return axes.length === 1 ? [unit(1), axes[0]] : [axes[0], axes[1]];
}
