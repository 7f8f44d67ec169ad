import { node } from "../../model/node.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { alongMatrix, constantMatrix } from "./matmul-weights.ts";
import { scaleWeights } from "./scale-weights.ts";

/** A scale of what is multiplied with a constant matrix, as after a layer norm, goes into the matrix's rows. */
export const multiplyBeforeMatMul = rewrite("multiply-before-matmul", ["MatMul"], (matMul, context) => {
  const [data] = matMul.inputs;
  const multiply = producer(data, "Multiply");
  const parts = multiply && splitConstant(multiply);
  const matrix = constantMatrix(matMul);
  if (parts === undefined || matrix === undefined || !context.isPrivate(data) || matMul.attributes["transpose_a"] === true)
    return undefined;
  const scale = alongMatrix(matMul, parts.constant, "rows", parts.data.partialShape.rank);
  return scale && node(MatMul, [parts.data, scaleWeights(matrix, scale)], matMul.attributes).outputs[0];
});
