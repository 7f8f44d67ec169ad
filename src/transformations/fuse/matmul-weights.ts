import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { build, constantOf } from "../evaluate-node.ts";

/** A MatMul's right-hand side where that is a constant of floats with at least two axes. */
export function constantMatrix({ inputs: [, matrix] }: Node): Output | undefined {
  return matrix.node.constant !== undefined && isFloat(matrix.elementType) && matrix.shape.length >= 2 ? matrix : undefined;
}

/**
 * A constant that is one number, or one number for each column (row) of the matrix as multiplied, shaped to broadcast
 * onto the matrix as stored. It must lie along the last axis of a tensor of the given rank; undefined otherwise.
 */
export function alongMatrix(matMul: Node, constant: Output, side: "rows" | "columns", rank: number | undefined): Output | undefined {
  const { shape } = matMul.inputs[1];
  const last = constant.shape.length - 1;
  if (rank === undefined || constant.shape.length > rank) return undefined;
  const transposed = matMul.attributes["transpose_b"] === true;
  const onFirst = (side === "rows") !== transposed;
  const length = shape[shape.length - (onFirst ? 2 : 1)];
  if (!constant.shape.every((d, i) => d === 1 || (i === last && d === length))) return undefined;
  const count = constant.shape[last] ?? 1;
  return build(Reshape, [constant, constantOf("i64", onFirst ? [count, 1] : [count])], { special_zero: false });
}
