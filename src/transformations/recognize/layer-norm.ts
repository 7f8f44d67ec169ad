import { node, type Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { MVN6 } from "../../ops/normalization/mvn.ts";
import { eitherOrder, isScalar, matchIntegers, matchNumber, producer, rooted, squared, withExponent } from "../match.ts";
import { type RewriteContext, rewrite } from "../rewrite.ts";

/**
 * d / sqrt(mean(d^2) + eps) with d = x - mean(x) is MVN (and with the eps outside of the root, MVN of that mode). A
 * layer norm's Multiply and Add follow as they are.
 */
export const recognizeLayerNorm = rewrite("recognize-layer-norm", ["Divide", "Multiply"], (root, context) => {
  for (const [centred, deviation, power] of readings(root)) {
    const mean = meanOf(centred);
    const spread = mean && spreadOf(deviation, power);
    if (mean === undefined || spread === undefined || !sameAxes(mean.axes, spread.variance)) continue;
    if (!isSquareOf(spread.variance.inputs[0], centred, mean.data)) continue;
    if (!context.isPrivate(deviation) || !disappears(centred, context)) continue;
    return node(MVN6, [mean.data, mean.axes], { normalize_variance: true, eps: spread.eps, eps_mode: spread.mode }).outputs[0];
  }
  return undefined;
});

/** As centred data and what divides it; a Multiply divides where its factor is a power of -0.5, or 1 over a root. */
function* readings(node: Node): Generator<readonly [Output, Output, "root" | "square"]> {
  if (node.type === "Divide") {
    yield [node.inputs[0], node.inputs[1], "root"];
    return;
  }
  for (const [centred, factor] of eitherOrder(node)) {
    const inverse = producer(factor, "Divide");
    if (inverse && isScalar(inverse.inputs[0], 1)) yield [centred, inverse.inputs[1], "root"];
    const square = withExponent(factor, -0.5);
    if (square) yield [centred, square, "square"];
    const root = withExponent(factor, -1);
    if (root) yield [centred, root, "root"];
  }
}

/** d = x - mean(x). */
function meanOf(centred: Output): { readonly data: Output; readonly axes: Output } | undefined {
  const subtract = producer(centred, "Subtract");
  const mean = producer(subtract?.inputs[1], "ReduceMean");
  if (subtract === undefined || mean?.attributes["keep_dims"] !== true || mean.inputs[0] !== subtract.inputs[0]) return undefined;
  return matchIntegers(mean.inputs[1]) && { data: subtract.inputs[0], axes: mean.inputs[1] };
}

interface Spread {
  readonly variance: Node;
  readonly eps: number;
  readonly mode: "inside_sqrt" | "outside_sqrt";
}

/** sqrt(variance + eps), or sqrt(variance) + eps; with `square`, variance + eps. */
function spreadOf(output: Output, power: "root" | "square"): Spread | undefined {
  const root = power === "root" ? rooted(output) : output;
  if (root !== undefined) {
    const { data, eps } = withEpsilon(root);
    const variance = producer(data, "ReduceMean");
    return variance?.attributes["keep_dims"] === true ? { variance, eps, mode: "inside_sqrt" } : undefined;
  }
  const { data, eps } = withEpsilon(output);
  const variance = producer(rooted(data), "ReduceMean");
  return variance?.attributes["keep_dims"] === true ? { variance, eps, mode: "outside_sqrt" } : undefined;
}

/** data + eps; without an Add, eps is 0. */
function withEpsilon(output: Output): { readonly data: Output; readonly eps: number } {
  const add = producer(output, "Add");
  for (const [data, number] of add ? eitherOrder(add) : []) {
    const eps = matchNumber(data, number);
    if (eps !== undefined) return { data, eps };
  }
  return { data: output, eps: 0 };
}

function sameAxes(axes: Output, variance: Node): boolean {
  const a = matchIntegers(axes);
  const b = matchIntegers(variance.inputs[1]);
  const rank = variance.inputs[0].partialShape.rank;
  if (a === undefined || b === undefined || rank === undefined || a.length !== b.length) return false;
  const wanted = new Set(a.map((axis) => (axis < 0 ? axis + rank : axis)));
  return b.every((axis) => wanted.has(axis < 0 ? axis + rank : axis));
}

/** d^2, where d may be computed a second time from the same x. */
function isSquareOf(output: Output, centred: Output, data: Output): boolean {
  const base = squared(output);
  return base !== undefined && (base === centred || meanOf(base)?.data === data);
}

/** The centred data is read only by its square and by the root: otherwise MVN would compute it twice. */
const disappears = (centred: Output, context: RewriteContext): boolean => new Set(context.consumers(centred).map((c) => c.node)).size <= 2;
