import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A scale of a MatMul's output, one number or one for each column, goes into its constant right-hand matrix. */
export const multiplyAfterMatMul = rewrite("multiply-after-matmul", ["Multiply"], (multiply, context) => {
  const parts = splitConstant(multiply);
  const matMul = producer(parts?.data, "MatMul");
  if (parts === undefined || matMul === undefined || !context.isPrivate(parts.data)) return undefined;
  const [data, matrix] = matMul.inputs;
  const transposed = matMul.attributes["transpose_b"] === true;
  const scale = columnScale(parts.constant, matrix, transposed, parts.data.partialShape.rank);
  return scale && node(MatMul, [data, build(Multiply, [matrix, scale])], matMul.attributes).outputs[0];
});

function columnScale(constant: Output, matrix: Output, transposed: boolean, rank: number | undefined): Output | undefined {
  if (matrix.node.constant === undefined || !isFloat(matrix.elementType)) return undefined;
  const { shape } = matrix;
  const last = constant.shape.length - 1;
  if (rank === undefined || shape.length < 2 || constant.shape.length > rank) return undefined;
  const columns = shape[shape.length - (transposed ? 2 : 1)];
  if (!constant.shape.every((d, i) => d === 1 || (i === last && d === columns))) return undefined;
  const count = constant.shape[last] ?? 1;
  return build(Reshape, [constant, constantOf("i64", transposed ? [count, 1] : [count])], { special_zero: false });
}
