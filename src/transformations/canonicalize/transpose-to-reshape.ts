import { node } from "../../model/node.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { constantOf } from "../evaluate-node.ts";
import { known, matchIntegers } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Transpose that only moves axes of length 1 leaves the data in its order: a Reshape, which costs nothing. */
export const transposeToReshape = rewrite("transpose-to-reshape", ["Transpose"], (transpose) => {
  const [data] = transpose.inputs;
  const order = matchIntegers(transpose.inputs[1]);
  const dims = data.partialShape.dimensions;
  if (order === undefined || dims === undefined || order.length !== dims.length) return undefined;
  const long = order.filter((axis) => dims[axis] !== 1);
  if (!long.every((axis, i) => i === 0 || long[i - 1] < axis)) return undefined;
  // In a pattern, 0 is the input's own length; where a length is really 0, all lengths must be told.
  const isEmpty = dims.some((d) => known(d) === 0);
  const pattern = order.map((axis, i) => known(dims[axis]) ?? (axis === i && !isEmpty ? 0 : -1));
  if (pattern.filter((p) => p === -1).length > (isEmpty ? 0 : 1)) return undefined;
  return node(Reshape, [data, constantOf("i64", pattern)], { special_zero: !isEmpty }).outputs[0];
});
