import type { CaffeLayer } from "../caffe-layer.ts";
import type { TextFields } from "../text-fields.ts";

/** A number for each of two spatial axes: `NAME_h` and `NAME_w`, or `NAME`, once for both or once for each. */
export function perAxis(layer: CaffeLayer, fields: TextFields, name: string, short: string, otherwise: number): [number, number] {
  const [h, w] = [fields.int(`${short}_h`), fields.int(`${short}_w`)];
  const both = fields.ints(name);
  if (both.length > 2) layer.unsupported(`field "${name}" with more than two numbers is not supported`, { got: `[${both}]` });
  return [h ?? both[0] ?? otherwise, w ?? both[1] ?? both[0] ?? otherwise];
}

/** The attributes of a window over two axes in OpenVINO's spelling. */
export function windowOf(
  layer: CaffeLayer,
  fields: TextFields,
): { kernel: number[]; strides: number[]; pads: number[]; dilations: number[] } {
  const kernel = perAxis(layer, fields, "kernel_size", "kernel", 0);
  const strides = perAxis(layer, fields, "stride", "stride", 1);
  const pads = perAxis(layer, fields, "pad", "pad", 0);
  const dilation = fields.ints("dilation");
  const dilations = [dilation[0] ?? 1, dilation[1] ?? dilation[0] ?? 1];
  if (strides.some((s) => s < 1) || dilations.some((d) => d < 1) || pads.some((p) => p < 0) || kernel.some((k) => k < 0))
    layer.fail("the window is none", { got: `kernel [${kernel}], stride [${strides}], pad [${pads}], dilation [${dilations}]` });
  return { kernel, strides, pads, dilations };
}
