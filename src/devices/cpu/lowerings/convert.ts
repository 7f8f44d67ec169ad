import type { Node } from "../../../model/node.ts";
import { input as x, lt, ne, or, type ScalarExpression, select } from "../../../model/scalar-expression.ts";
import { orderOf, type View } from "../../../lowering/view.ts";
import { registerOf, viewElementBytes, viewElementOf } from "../../../lowering/view-element.ts";
import { type ElementType, isInteger } from "../../../tensor/element-type.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { asWords, isWide, wordsOf } from "./words.ts";

const typesOf = (node: Node): readonly [ElementType, ElementType] => [node.inputs[0].elementType, node.outputs[0].elementType];

function apply(context: LoweringContext, expression: ScalarExpression, inputs: readonly View[], output: View): void {
  const problem = { expression, inputs, output, threads: context.threads };
  context.step(context.kernels(elementwiseKernel, problem), [...inputs, output]);
}

/**
 * Conversions of integers of 64 bits to narrower ones, which keep the lower bits, and to booleans, and of integers and booleans to
 * those of 64 bits and to u32. Conversions between types that registers compute in are element-wise.
 */
export const convertLowering: Lowering = {
  types: ["Convert", "ConvertLike"],
  accepts(node) {
    const [from, to] = typesOf(node);
    const narrow = (type: ElementType): boolean => registerOf(type) === "i32" || registerOf(type) === "mask" || type === "u32";
    if (isWide(from)) return narrow(to) || isWide(to);
    return narrow(from) && (isWide(to) || (to === "u32" && registerOf(from) === "i32") || (from === "u32" && registerOf(to) === "i32"));
  },
  lower(context, { anchor }) {
    const [from, to] = typesOf(anchor);
    const input = context.view(anchor.inputs[0]);
    if (isInteger(from) && isInteger(to) && viewElementBytes(viewElementOf(from)) === viewElementBytes(viewElementOf(to))) {
      context.define(anchor.outputs[0], { ...input, element: viewElementOf(to) });
      return;
    }
    const output = context.allocateOutput(anchor.outputs[0], orderOf(input));
    context.define(anchor.outputs[0], output);
    if (!isWide(to)) {
      const [lower, upper] = isWide(from) ? [wordsOf(input, 0), wordsOf(input, 1)] : [asWords(input), asWords(input)];
      if (to === "boolean") apply(context, or(ne(x(0), 0), ne(x(1), 0)), [lower, upper], output);
      else apply(context, x(0), [lower], asWords(output));
      return;
    }
    const narrow = asWords(input);
    const value = from === "boolean" ? select(x(0), 1, 0) : x(0);
    apply(context, value, [narrow], wordsOf(output, 0));
    // The sign fills the upper word; what has none gives 0.
    const hasSign = isInteger(from) && from.startsWith("i");
    apply(context, hasSign ? select(lt(x(0), 0), -1, 0) : select(ne(x(0), x(0)), 1, 0), [narrow], wordsOf(output, 1));
  },
};
