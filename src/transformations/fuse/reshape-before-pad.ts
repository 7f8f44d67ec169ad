import { node, type Node } from "../../model/node.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import type { Dimension } from "../../tensor/dimension.ts";
import { constantOf } from "../evaluate-node.ts";
import { matchIntegers, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

const windows = new Set(["Convolution", "GroupConvolution", "AvgPool"]);

/**
 * Between a Pad and a convolution, a Reshape that keeps the padded axes (a 1-D convolution made 2-D) goes before the
 * Pad, so that the convolution can take zeros over, and the Reshape can merge with what is before the Pad.
 */
export const reshapeBeforePad = rewrite("reshape-before-pad", ["Reshape", "Unsqueeze"], (reshape, context) => {
  const pad = producer(reshape.inputs[0], "Pad");
  const [output] = reshape.outputs;
  const inside = pad?.inputs[0].partialShape.dimensions;
  const padded = pad?.outputs[0].partialShape.dimensions;
  const target = output.partialShape.dimensions;
  const [begin, end] = [matchIntegers(pad?.inputs[1]), matchIntegers(pad?.inputs[2])];
  if (pad === undefined || inside === undefined || padded === undefined || target === undefined || begin === undefined || end === undefined)
    return undefined;
  const first = begin.findIndex((p, axis) => p !== 0 || end[axis] !== 0);
  const kept = padded.length - first;
  if (first < 0 || kept > target.length || !padded.slice(first).every((d, i) => isSame(d, target[target.length - kept + i])))
    return undefined;
  if (!context.consumers(output).every((c) => windows.has(c.node.type) && c.input === 0)) return undefined;
  const pattern = patternOf(reshape, [...target.slice(0, -kept), ...inside.slice(first)]);
  if (pattern === undefined) return undefined;
  const data = node(Reshape, [pad.inputs[0], constantOf("i64", pattern)], { special_zero: true }).outputs[0];
  const shifted = (amounts: readonly number[]): number[] => [...target.slice(0, -kept).map(() => 0), ...amounts.slice(first)];
  const pads = [constantOf("i64", shifted(begin)), constantOf("i64", shifted(end))];
  return node(pad.op, [data, ...pads, ...pad.inputs.slice(3)], pad.attributes).outputs[0];
});

const isSame = (a: Dimension, b: Dimension): boolean => typeof a === "number" && a === b;

/** Lengths as numbers, with -1 for the one that is not known. */
function patternOf(reshape: Node, dims: readonly Dimension[]): number[] | undefined {
  const pattern = dims.map((d) => (typeof d === "number" ? d : -1));
  const own = matchIntegers(reshape.inputs[1]);
  if (pattern.filter((p) => p === -1).length > 1 || pattern.includes(0)) return undefined;
  const batch = reshape.type === "Reshape" && own?.length === pattern.length && (own[0] === -1 || own[0] === 0) && !pattern.includes(-1);
  return batch ? [own[0], ...pattern.slice(1)] : pattern;
}
