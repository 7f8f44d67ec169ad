import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { matchIntegers, matchScalar, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** Zeros that a Pad puts around the spatial axes become the pads of the convolution or average pooling that follows. */
export const padIntoWindow = rewrite("pad-into-window", ["Convolution", "GroupConvolution", "AvgPool"], (window) => {
  const { attributes, inputs, op } = window;
  const pad = producer(inputs[0], "Pad");
  const zeros = pad && spatialZeros(pad);
  if (pad === undefined || zeros === undefined || !hasOwnPads(window)) return undefined;
  if (op.type === "AvgPool" && attributes["exclude-pad"] === true && !isZero(attributes["pads_begin"], attributes["pads_end"]))
    return undefined;
  const add = (name: string, more: readonly number[]): number[] => (attributes[name] as readonly number[]).map((p, i) => p + more[i]);
  return node(op, [pad.inputs[0], ...inputs.slice(1)], {
    ...attributes,
    auto_pad: "explicit",
    pads_begin: add("pads_begin", zeros.begin),
    pads_end: add("pads_end", zeros.end),
    ...(op.type === "AvgPool" ? { "exclude-pad": false } : {}),
  }).outputs[0];
});

/** Pads that are numbers: explicit, or `valid`, where they count as 0. */
const hasOwnPads = ({ attributes, type }: Node): boolean =>
  (attributes["auto_pad"] === "explicit" ||
    (attributes["auto_pad"] === "valid" && isZero(attributes["pads_begin"], attributes["pads_end"]))) &&
  (type !== "AvgPool" || attributes["rounding_type"] === "floor");

const isZero = (...lists: unknown[]): boolean => lists.every((list) => Array.isArray(list) && list.every((p) => p === 0));

/** A Pad's amounts on the spatial axes, if it adds zeros there and nothing on batch and channels. */
export function spatialZeros(pad: Node): { readonly begin: readonly number[]; readonly end: readonly number[] } | undefined {
  const [begin, end] = [matchIntegers(pad.inputs[1]), matchIntegers(pad.inputs[2])];
  const value: Output | undefined = pad.inputs[3];
  if (pad.attributes["pad_mode"] !== "constant" || (value !== undefined && matchScalar(value) !== 0)) return undefined;
  if (begin === undefined || end === undefined || [...begin, ...end].some((p) => p < 0)) return undefined;
  if (begin.length < 3 || [begin[0], begin[1], end[0], end[1]].some((p) => p !== 0)) return undefined;
  return { begin: begin.slice(2), end: end.slice(2) };
}
