import { input as scalarInput, type ScalarExpression, substitute } from "../../model/scalar-expression.ts";
import type { Output } from "../../model/output.ts";
import type { Group } from "../../lowering/fuse.ts";
import type { LoweringContext } from "./lowering-context.ts";

export interface SplitGroup extends Pick<Group, "inputs" | "output"> {
  /** One number for each channel, added to the sums before the rest of the expression. */
  readonly bias?: Float32Array;
  /** Names the bias's data. */
  readonly biasKey?: string;
  readonly expression?: ScalarExpression;
}

/** Takes a constant per-channel addition to the anchor's output out of a group's expression: sums start from it at no cost. */
export function splitBias(context: LoweringContext, group: Group, axis: number): SplitGroup {
  const { expression, inputs, output } = group;
  if (expression === undefined) return { inputs, output };
  const bias = inputs.findIndex((i) => isPerChannel(i, output.shape, axis));
  const replaced = bias < 0 ? undefined : replaceAddition(expression, bias + 1);
  if (replaced === undefined) return { inputs, output, ...withoutIdentity(expression) };
  const rest = inputs.filter((_, i) => i !== bias);
  const renumbered = substitute(replaced, (i) => scalarInput(i > bias + 1 ? i - 1 : i));
  const values = context.floats(inputs[bias]) as Float32Array;
  const channels = output.shape[axis];
  return {
    biasKey: context.keyOf(inputs[bias]),
    bias: values.length === channels ? values : new Float32Array(channels).fill(values[0]),
    inputs: rest,
    output,
    ...withoutIdentity(renumbered),
  };
}

const withoutIdentity = (expression: ScalarExpression): { readonly expression?: ScalarExpression } =>
  expression.kind === "input" && expression.index === 0 ? {} : { expression };

/** A constant with one number for each channel of a shape (or one for all). */
function isPerChannel(output: Output, shape: readonly number[], axis: number): boolean {
  if (output.constant === undefined) return false;
  const lead = shape.length - output.shape.length;
  return lead >= 0 && output.shape.every((d, i) => d === 1 || (i + lead === axis && d === shape[axis]));
}

/** Replaces every x0 + x(bias) by x0; undefined where x0 or the bias occurs elsewhere too. */
function replaceAddition(expression: ScalarExpression, bias: number): ScalarExpression | undefined {
  let alone = true;
  const is = (e: ScalarExpression, index: number): boolean => e.kind === "input" && e.index === index;
  const memo = new Map<ScalarExpression, ScalarExpression>();
  const visit = (e: ScalarExpression): ScalarExpression => {
    const known = memo.get(e);
    if (known) return known;
    const result = visitNew(e);
    memo.set(e, result);
    return result;
  };
  const visitNew = (e: ScalarExpression): ScalarExpression => {
    switch (e.kind) {
      case "input":
        if (e.index === 0 || e.index === bias) alone = false;
        return e;
      case "constant":
        return e;
      case "unary":
        return { ...e, x: visit(e.x) };
      case "binary":
        if (e.op === "add" && ((is(e.a, 0) && is(e.b, bias)) || (is(e.a, bias) && is(e.b, 0)))) return scalarInput(0);
        return { ...e, a: visit(e.a), b: visit(e.b) };
      case "select":
        return { ...e, condition: visit(e.condition), a: visit(e.a), b: visit(e.b) };
    }
  };
  const result = visit(expression);
  return alone ? result : undefined;
}
