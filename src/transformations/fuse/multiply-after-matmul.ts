import { node } from "../../model/node.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { alongMatrix, constantMatrix } from "./matmul-weights.ts";
import { scaleWeights } from "./scale-weights.ts";

/** A scale of a MatMul's output, one number or one for each column, goes into its constant right-hand matrix. */
export const multiplyAfterMatMul = rewrite("multiply-after-matmul", ["Multiply"], (multiply, context) => {
  const parts = splitConstant(multiply);
  const matMul = producer(parts?.data, "MatMul");
  const matrix = matMul && constantMatrix(matMul);
  if (parts === undefined || matMul === undefined || matrix === undefined || !context.isPrivate(parts.data)) return undefined;
  const scale = alongMatrix(matMul, parts.constant, "columns", parts.data.partialShape.rank);
  return scale && node(MatMul, [matMul.inputs[0], scaleWeights(matrix, scale)], matMul.attributes).outputs[0];
});
