import { rowMajorStrides } from "../../common/shape.ts";
import { float, int } from "../../model/attribute.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { resolveAxes } from "../reduction/define-reduction.ts";

/** x / (bias + alpha / size^axes * sum of x^2 in a window)^beta (Krizhevsky et al., 2012). */
export const LRN = defineOp({
  type: "LRN",
  since: "opset1",
  inputs: 2,
  attributes: { alpha: float(), beta: float(), bias: float(), size: int() },
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ node, inputs: [x, axesTensor], attributes }) => {
    const axes = resolveAxes(Array.from(tensorNumbers(axesTensor)), x.shape.length, (a) =>
      node.fail("an axis is out of range", { got: String(a) }),
    );
    const [alpha, beta, bias, size] = ["alpha", "beta", "bias", "size"].map((n) => attributes[n] as number);
    const data = tensorNumbers(x);
    const strides = rowMajorStrides(x.shape);
    // The window's sum is separable over the axes.
    let squares = Float64Array.from(data, (v) => v * v);
    for (const axis of axes) {
      const sums = new Float64Array(squares.length);
      for (let i = 0; i < sums.length; i++) {
        const at = Math.floor(i / strides[axis]) % x.shape[axis];
        const low = Math.max(0, at - Math.floor((size - 1) / 2));
        const high = Math.min(x.shape[axis] - 1, at + Math.floor(size / 2));
        for (let k = low; k <= high; k++) sums[i] += squares[i + (k - at) * strides[axis]];
      }
      squares = sums;
    }
    const scale = alpha / size ** axes.length;
    return [
      tensorOfNumbers(
        x.elementType,
        x.shape,
        Array.from(data, (v, i) => v / (bias + scale * squares[i]) ** beta),
      ),
    ];
  },
});
