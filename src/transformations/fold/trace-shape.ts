import { shapeSize } from "../../common/shape.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { matchIntegers, matchScalar } from "../match.ts";

/** Where one element of a shape vector comes from: a number, a dimension of a tensor, or somewhere else. */
export type ShapeElement =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "dimension"; readonly of: Output; readonly axis: number }
  | { readonly kind: "unknown" };

type Trace = readonly ShapeElement[] | undefined;
const maxElements = 64;
const unknown: ShapeElement = { kind: "unknown" };

/** Follows the integers of a shape sub-graph (ShapeOf, Gather, Slice, Concat ...) to their origin, in row-major order. */
export function traceShape(output: Output): Trace {
  if (output.partialShape.isStatic && shapeSize(output.shape) > maxElements) return undefined;
  const { node } = output;
  const numbers = matchIntegers(output);
  if (numbers !== undefined) return numbers.map((value) => ({ kind: "number", value }));
  if (node.op.shapeOnly) {
    const of = node.inputs[0];
    return of.partialShape.dimensions?.map((_, axis) => ({ kind: "dimension", of, axis }));
  }
  return tracers[node.type]?.(node, output) ?? opaque(output);
}

const opaque = (output: Output): Trace =>
  output.partialShape.isStatic ? Array.from({ length: shapeSize(output.shape) }, () => unknown) : undefined;

const same = (node: Node): Trace => traceShape(node.inputs[0]);
const vector = (output: Output): Trace => (output.partialShape.rank === 1 ? traceShape(output) : undefined);

const tracers: Readonly<Record<string, (node: Node, output: Output) => Trace>> = {
  Squeeze: same,
  Unsqueeze: same,
  Reshape: same,
  Convert: same,
  Concat(node) {
    const parts = node.inputs.map(vector);
    return parts.every((p) => p !== undefined) ? parts.flat() : undefined;
  },
  Gather(node) {
    const from = vector(node.inputs[0]);
    const indices = matchIntegers(node.inputs[1]);
    if (from === undefined || indices === undefined) return undefined;
    const picked = indices.map((i) => from[i < 0 ? i + from.length : i]);
    return picked.includes(undefined as never) ? undefined : picked;
  },
  Slice(node) {
    const from = vector(node.inputs[0]);
    const [start, stop, step] = [1, 2, 3].map((i) => matchScalar(node.inputs[i]));
    if (from === undefined || start === undefined || stop === undefined || step !== 1) return undefined;
    return from.slice(start, stop);
  },
  StridedSlice(node) {
    const from = vector(node.inputs[0]);
    const { begin_mask, end_mask, new_axis_mask, ellipsis_mask } = node.attributes;
    const [begin, end, step] = [1, 2, 3].map((i) => matchScalar(node.inputs[i]));
    if (from === undefined || begin === undefined || end === undefined || (step ?? 1) !== 1) return undefined;
    if (isSet(new_axis_mask) || isSet(ellipsis_mask)) return undefined;
    if (isSet(node.attributes["shrink_axis_mask"])) return from.at(begin) && [from.at(begin) as ShapeElement];
    return from.slice(isSet(begin_mask) ? 0 : begin, isSet(end_mask) ? from.length : end);
  },
  VariadicSplit: (node, output) => part(node, output),
  Split: (node, output) => part(node, output),
};

const isSet = (mask: unknown): boolean => Array.isArray(mask) && mask[0] === 1;

function part(node: Node, output: Output): Trace {
  const from = vector(node.inputs[0]);
  const lengths = node.outputs.map((o) => o.partialShape.dimensions?.[0]);
  if (from === undefined || !lengths.every((n) => typeof n === "number")) return undefined;
  const start = lengths.slice(0, output.index).reduce((a, b) => a + b, 0);
  return from.slice(start, start + lengths[output.index]);
}
