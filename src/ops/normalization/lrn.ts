import { rowMajorStrides } from "../../common/shape.ts";
import { float, int } from "../../model/attribute.ts";
import { roundedTensor, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { inferAxes, resolveAxes } from "../reduction/axes.ts";
import { inferSame } from "./infer-same.ts";

/** Sums over windows of `size` along an axis, cut off at its ends; of an even size the window is one shorter, as OpenVINO has it. */
function windowSums(x: Float64Array, shape: readonly number[], axis: number, size: number): Float64Array {
  const sums = new Float64Array(x.length);
  const stride = rowMajorStrides(shape)[axis];
  const reach = Math.floor((size - 1) / 2);
  for (let i = 0; i < x.length; i++) {
    const at = Math.floor(i / stride) % shape[axis];
    const last = Math.min(shape[axis] - 1, at + reach);
    for (let k = Math.max(0, at - reach); k <= last; k++) sums[i] += x[i + (k - at) * stride];
  }
  return sums;
}

/** x / (bias + alpha / size^axes * sum of x^2 in a window)^beta (Krizhevsky et al., 2012). */
export const LRN = defineOp({
  type: "LRN",
  since: "opset1",
  inputs: 2,
  attributes: { alpha: float(), beta: float(), bias: float(), size: int() },
  infer: (context) => {
    inferAxes(context, 1);
    return inferSame(context);
  },
  evaluate: ({ node, inputs: [x, axesTensor], attributes }) => {
    const axes = resolveAxes(node, axesTensor, x.shape.length);
    const { alpha, beta, bias, size } = attributes;
    const data = tensorNumbers(x);
    // The window's sum is separable over the axes.
    let squares: Float64Array = Float64Array.from(data, (v) => v * v);
    for (const axis of axes) squares = windowSums(squares, x.shape, axis, size);
    const scale = alpha / size ** axes.length;
    return [
      roundedTensor(
        x.elementType,
        x.shape,
        squares.map((s, i) => data[i] / (bias + scale * s) ** beta),
      ),
    ];
  },
});
