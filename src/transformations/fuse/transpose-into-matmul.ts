import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { matchIntegers, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Transpose of the last two axes before a MatMul is the MatMul's own transpose flag. */
export const transposeIntoMatMul = rewrite("transpose-into-matmul", ["MatMul"], ({ inputs: [a, b], attributes }) => {
  const x = beforeSwap(a);
  const y = beforeSwap(b);
  if (x === undefined && y === undefined) return undefined;
  return node(MatMul, [x ?? a, y ?? b], {
    transpose_a: (attributes["transpose_a"] === true) !== (x !== undefined),
    transpose_b: (attributes["transpose_b"] === true) !== (y !== undefined),
  }).outputs[0];
});

/** What a Transpose of the last two axes reads. */
function beforeSwap(output: Output): Output | undefined {
  const transpose = producer(output, "Transpose");
  const order = matchIntegers(transpose?.inputs[1]);
  if (order === undefined || order.length < 2) return undefined;
  const last = order.length - 1;
  const expected = order.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i));
  return order.every((axis, i) => axis === expected[i]) ? transpose?.inputs[0] : undefined;
}
