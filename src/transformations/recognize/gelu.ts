import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Gelu7 } from "../../ops/elementwise/gelu.ts";
import { bothOrders, near, producer, squared, withExponent, withScalar } from "../match.ts";
import { type Product, productOf } from "../factors.ts";
import { type RewriteContext, rewrite } from "../rewrite.ts";

/**
 * 0.5 * x * (1 + erf(x / sqrt(2))) and its approximation 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), with
 * the factors in any order (Hendrycks and Gimpel, arXiv 1606.08415).
 */
export const recognizeGelu = rewrite("recognize-gelu", ["Multiply", "Divide"], (root, context) => {
  const [output] = root.outputs;
  const { scale, factors } = productOf(output, context, 4);
  if (factors.length !== 2 || !near(scale, 0.5, output)) return undefined;
  for (const [x, gate] of bothOrders(factors)) {
    const curve = context.isPrivate(gate) ? withScalar(gate, "Add", 1) : undefined;
    const erf = producer(curve, "Erf");
    if (erf && isScaled(productOf(erf.inputs[0], context), x, Math.SQRT1_2))
      return node(Gelu7, [x], { approximation_mode: "erf" }).outputs[0];
    const tanh = producer(curve, "Tanh");
    if (tanh && isCubic(productOf(tanh.inputs[0], context), x, context)) return node(Gelu7, [x], { approximation_mode: "tanh" }).outputs[0];
  }
  return undefined;
});

const isScaled = ({ scale, factors }: Product, x: Output, expected: number): boolean =>
  factors.length === 1 && factors[0] === x && near(scale, expected, x);

/** sqrt(2 / pi) * (x + 0.044715 * x^3), or sqrt(2 / pi) * x * (1 + 0.044715 * x^2). */
function isCubic({ scale, factors }: Product, x: Output, context: RewriteContext): boolean {
  if (!near(scale, Math.sqrt(2 / Math.PI), x)) return false;
  const sum = producer(
    factors.find((f) => f !== x),
    "Add",
  );
  if (sum === undefined) return false;
  if (factors.length === 1) return [0, 1].some((i) => sum.inputs[i] === x && isPower(sum.inputs[1 - i], x, 3, context));
  const square = withScalar(sum.outputs[0], "Add", 1);
  return factors.length === 2 && factors.includes(x) && square !== undefined && isPower(square, x, 2, context);
}

/** 0.044715 * x^n, the power spelled as Power or as products. */
function isPower(output: Output, x: Output, exponent: number, context: RewriteContext): boolean {
  const { scale, factors } = productOf(output, context, 4);
  const total = factors.reduce((n, factor) => n + (exponentOf(factor, x) ?? Number.NaN), 0);
  return near(scale, 0.044715, output) && total === exponent;
}

function exponentOf(factor: Output, x: Output): number | undefined {
  if (factor === x) return 1;
  if (squared(factor) === x) return 2;
  return withExponent(factor, 3) === x ? 3 : undefined;
}
