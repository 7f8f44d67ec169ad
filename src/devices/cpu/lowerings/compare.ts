import { and, eq, input as x, lt, not, or, type ScalarExpression, xor } from "../../../model/scalar-expression.ts";
import { broadcastView, orderOf, viewSize } from "../../../lowering/view.ts";
import type { ElementType } from "../../../tensor/element-type.ts";
import { elementwiseKernel } from "../kernels/elementwise.ts";
import type { Lowering } from "../lowering.ts";
import { asWords, isWide, wordsOf } from "./words.ts";

/** a < b of words without a sign: where the signs of their bits differ, the order of signed words is the other one. */
const below = (a: ScalarExpression, b: ScalarExpression): ScalarExpression => xor(lt(a, b), xor(lt(a, 0), lt(b, 0)));

/** Integers whose words are x0, or x0 and x1 (lower, upper), beside those of the other operand behind them. */
function comparison(type: ElementType): { readonly equal: ScalarExpression; less: (swap: boolean) => ScalarExpression } {
  if (!isWide(type)) return { equal: eq(x(0), x(1)), less: (swap) => (swap ? below(x(1), x(0)) : below(x(0), x(1))) };
  const upperBelow = type === "i64" ? lt : below;
  return {
    equal: and(eq(x(0), x(2)), eq(x(1), x(3))),
    less: (swap) => {
      const [a, b] = swap ? [2, 0] : [0, 2];
      return or(upperBelow(x(a + 1), x(b + 1)), and(eq(x(a + 1), x(b + 1)), below(x(a), x(b))));
    },
  };
}

const expressions: Readonly<Record<string, (c: ReturnType<typeof comparison>) => ScalarExpression>> = {
  Equal: (c) => c.equal,
  NotEqual: (c) => not(c.equal),
  Less: (c) => c.less(false),
  GreaterEqual: (c) => not(c.less(false)),
  Greater: (c) => c.less(true),
  LessEqual: (c) => not(c.less(true)),
};

/** Comparisons of integers that registers do not compute in, 64 bits or 32 without a sign, word by word. Others are element-wise. */
export const compareLowering: Lowering = {
  types: Object.keys(expressions),
  accepts: ({ inputs: [a, b], attributes }) =>
    a.elementType === b.elementType && (isWide(a.elementType) || a.elementType === "u32") && attributes["auto_broadcast"] !== "pdpd",
  lower(context, { anchor }) {
    const result = anchor.outputs[0];
    const operands = anchor.inputs.map((i) => context.view(i));
    const laidOut = operands.find((v) => v.shape.length === result.shape.length && viewSize(v) === viewSize({ ...v, shape: result.shape }));
    const output = context.allocateOutput(result, laidOut && orderOf(laidOut));
    context.define(result, output);
    const words = operands.flatMap((v) => (isWide(anchor.inputs[0].elementType) ? [wordsOf(v, 0), wordsOf(v, 1)] : [asWords(v)]));
    const inputs = words.map((v) => broadcastView(v, result.shape));
    const expression = expressions[anchor.type](comparison(anchor.inputs[0].elementType));
    context.step(context.kernels(elementwiseKernel, { expression, inputs, output, threads: context.threads }), [...inputs, output]);
  },
};
