import type { Output } from "../../model/output.ts";
import { node } from "../../model/node.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { isKnown, sameDimension } from "../../tensor/dimension.ts";
import { constantOf } from "../evaluate-node.ts";
import { matchConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { type ShapeElement, traceShape } from "./trace-shape.ts";

/**
 * A Reshape to a computed shape (ShapeOf, Gather, Concat ...) becomes one to a constant, with 0 for "as the input" and
 * -1 for "what is left", where these say the same for every shape of the input.
 */
export const reshapePattern = rewrite("reshape-pattern", ["Reshape"], (reshape) => {
  const [data, target] = reshape.inputs;
  if (matchConstant(target)) return undefined;
  const pattern = patternOf(data, traceShape(target), reshape.attributes["special_zero"] === true);
  if (pattern === undefined) return undefined;
  return node(Reshape, [data, constantOf("i64", pattern)], { special_zero: true }).outputs[0];
});

function patternOf(data: Output, elements: readonly ShapeElement[] | undefined, specialZero: boolean): number[] | undefined {
  const rank = data.partialShape.rank;
  if (elements === undefined || rank === undefined) return undefined;
  const pattern = elements.map((e, i) => {
    if (e.kind === "number") return e.value;
    return e.kind === "dimension" && i < rank && equalLength(e.of, e.axis, data, i) ? 0 : -1;
  });
  const zeros = elements.some((e) => e.kind === "number" && e.value === 0);
  if ((zeros && !specialZero) || pattern.filter((p) => p === -1).length > 1) return undefined;
  return pattern;
}

/** Two axes have one length, however the model is reshaped. */
function equalLength(a: Output, i: number, b: Output, j: number): boolean {
  const x = a.partialShape.dimensions?.[i];
  const y = b.partialShape.dimensions?.[j];
  if (x === undefined || y === undefined) return false;
  // in a model with open lengths, the known ones are meant to stay
  if (sameDimension(x, y) && (!isKnown(x) || a.partialShape.isDynamic)) return true;
  return i === j && shapeSource(a) === shapeSource(b);
}

/** Skips element-wise operations of one input: they keep the shape. */
function shapeSource(output: Output): Output {
  let source = output;
  while (source.node.op.scalar !== undefined && source.node.inputs.length === 1) source = source.node.inputs[0];
  return source;
}
