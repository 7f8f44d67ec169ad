import type { OnnxNode } from "../onnx-node.ts";

/** What convolutions and pooling say of their windows, under the names of OpenVINO's attributes. */
export type WindowAttributes = {
  readonly strides: number[];
  readonly dilations: number[];
  readonly pads_begin: number[];
  readonly pads_end: number[];
  readonly auto_pad: "explicit" | "same_upper" | "same_lower" | "valid";
};

const autoPads = { NOTSET: "explicit", SAME_UPPER: "same_upper", SAME_LOWER: "same_lower", VALID: "valid" } as const;

/** Reads them for `axes` spatial dimensions; missing ones are strides and dilations of 1, and no padding. */
export function windowAttributes(node: OnnxNode, axes: number): WindowAttributes {
  const list = (name: string, length: number, otherwise: number): number[] => {
    const values = node.ints(name) ?? new Array<number>(length).fill(otherwise);
    if (values.length !== length)
      node.fail(`attribute "${name}" has the wrong length`, { expected: `${length}`, got: `[${values.join(",")}]` });
    return values;
  };
  const auto_pad = autoPads[node.oneOf("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"], "NOTSET")];
  const pads = auto_pad === "explicit" ? list("pads", 2 * axes, 0) : new Array<number>(2 * axes).fill(0);
  return {
    strides: list("strides", axes, 1),
    dilations: list("dilations", axes, 1),
    pads_begin: pads.slice(0, axes),
    pads_end: pads.slice(axes),
    auto_pad,
  };
}
