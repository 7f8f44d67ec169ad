import { node } from "../../model/node.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { ReduceSum } from "../../ops/reduction/reduce-sum.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { alongMatrix, constantMatrix } from "./matmul-weights.ts";

/** An offset of what is multiplied with a constant matrix becomes an offset of the product: offset times matrix. */
export const addBeforeMatMul = rewrite("add-before-matmul", ["MatMul"], (matMul, context) => {
  const [data] = matMul.inputs;
  const add = producer(data, "Add");
  const parts = add && splitConstant(add);
  const matrix = constantMatrix(matMul);
  if (parts === undefined || matrix === undefined || !context.isPrivate(data) || matMul.attributes["transpose_a"] === true)
    return undefined;
  const rank = parts.data.partialShape.rank;
  const offset =
    matrix.shape.length === 2 && rank !== undefined && rank >= 2 ? alongMatrix(matMul, parts.constant, "rows", rank) : undefined;
  if (offset === undefined) return undefined;
  const rows = matMul.attributes["transpose_b"] === true ? 1 : 0;
  const sum = build(ReduceSum, [build(Multiply, [matrix, offset]), constantOf("i64", [rows])], { keep_dims: false });
  return node(Add, [node(MatMul, [parts.data, matrix], matMul.attributes).outputs[0], sum]).outputs[0];
});
