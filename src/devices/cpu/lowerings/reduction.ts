import { normalizeAxis } from "../../../common/shape.ts";
import type { Node } from "../../../model/node.ts";
import { knownValue } from "../../../model/node.ts";
import { abs, input as x, mul, type ScalarExpression, sqrt } from "../../../model/scalar-expression.ts";
import { meanVarianceKernel } from "../kernels/mean-variance.ts";
import { reductionKernel, type ReductionProblem } from "../kernels/reduction.ts";
import { softmaxKernel } from "../kernels/softmax.ts";
import type { Lowering } from "../lowering.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { orderOf, reshapeView, type View } from "../../../lowering/view.ts";

type Recipe = Pick<ReductionProblem, "combine"> & {
  readonly before?: ScalarExpression;
  readonly after?: (count: number) => ScalarExpression;
};

const recipes: Readonly<Record<string, Recipe>> = {
  ReduceSum: { combine: "add" },
  ReduceMean: { combine: "add", after: (count) => mul(x(0), 1 / count) },
  ReduceMax: { combine: "max" },
  ReduceMin: { combine: "min" },
  ReduceProd: { combine: "mul" },
  ReduceL1: { combine: "add", before: abs(x(0)) },
  ReduceL2: { combine: "add", before: mul(x(0), x(0)), after: () => sqrt(x(0)) },
};

/** The axes of a reduction, sorted; undefined where they are not constant. */
function axesOf(node: Node): number[] | undefined {
  const rank = node.inputs[0].shape.length;
  const value = knownValue(node.inputs[1]);
  if (!value?.every((d) => typeof d === "number")) return undefined;
  return [...new Set((value as readonly number[]).map((a) => normalizeAxis(a, rank) as number))].toSorted((a, b) => a - b);
}

const isFloat = (node: Node): boolean =>
  node.inputs[0].elementType === "f32" && node.outputs[0].elementType === "f32" && node.inputs[0].shape.every((d) => d > 0);

/** Integers are combined as they are; a mean or a root of them is none. */
const isCombined = (node: Node): boolean =>
  isFloat(node) ||
  (registerOf(node.inputs[0].elementType) === "i32" &&
    node.outputs[0].elementType === node.inputs[0].elementType &&
    recipes[node.type].after === undefined &&
    node.inputs[0].shape.every((d) => d > 0));

export const reductionLowering: Lowering = {
  types: Object.keys(recipes),
  accepts: (node) => isCombined(node) && (axesOf(node)?.length ?? 0) > 0,
  lower(context, { anchor }) {
    const input = context.view(anchor.inputs[0]);
    const axes = axesOf(anchor) as number[];
    const recipe = recipes[anchor.type];
    const kept = input.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const order = anchor.outputs[0].shape.length === kept.length ? orderOf({ shape: kept, strides: input.strides }) : undefined;
    const output = context.allocateOutput(anchor.outputs[0], order ?? anchor.outputs[0].shape.map((_, i) => i));
    context.define(anchor.outputs[0], output);
    const withAxes = reshapeView(output, kept) as View;
    const count = axes.reduce((n, a) => n * input.shape[a], 1);
    const kernel = reductionKernel(
      {
        input,
        output: withAxes,
        axes,
        combine: recipe.combine,
        threads: context.threads,
        ...(recipe.before && { before: recipe.before }),
        ...(recipe.after && { after: recipe.after(count) }),
      },
      context.target,
    );
    context.step(kernel, [input, withAxes]);
  },
};

export const softmaxLowering: Lowering = {
  types: ["Softmax", "LogSoftmax"],
  // Softmax-1 and Softmax-8 differ only in negative axes.
  accepts: isFloat,
  lower(context, { anchor }) {
    const input = context.view(anchor.inputs[0]);
    const axis = normalizeAxis(anchor.attributes["axis"] as number, input.shape.length) as number;
    const output = context.allocateOutput(anchor.outputs[0], orderOf(input));
    context.define(anchor.outputs[0], output);
    const kernel = softmaxKernel(
      { input, output, axis, logarithm: anchor.type === "LogSoftmax", threads: context.threads },
      context.target,
    );
    context.step(kernel, [input, output]);
  },
};

export const meanVarianceLowering: Lowering = {
  types: ["MVN"],
  accepts: (node) => isFloat(node) && node.op.since === "opset6" && (axesOf(node)?.length ?? 0) > 0,
  // Its output holds what is between the passes.
  takesEpilogue: (_, type) => type === "f32",
  lower(context, group) {
    const { anchor } = group;
    const input = context.view(anchor.inputs[0]);
    const axes = axesOf(anchor) as number[];
    const output = context.allocateOutput(group.output, orderOf(input));
    context.define(group.output, output);
    const vectorAxis = orderOf(input)[input.shape.length - 1];
    const extras = context.epilogueInputs(group, vectorAxis);
    const kernel = meanVarianceKernel(
      {
        input,
        output,
        axes,
        normalizeVariance: anchor.attributes["normalize_variance"] === true,
        eps: anchor.attributes["eps"] as number,
        epsMode: String(anchor.attributes["eps_mode"]).toLowerCase().startsWith("inside") ? "inside" : "outside",
        threads: context.threads,
        ...(group.expression && { epilogue: { expression: group.expression, inputs: extras } }),
      },
      context.target,
    );
    context.step(kernel, [input, output, ...extras]);
  },
};
