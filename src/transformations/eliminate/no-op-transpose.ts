import { matchIntegers } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Transpose that leaves every axis in its place. */
export const noOpTranspose = rewrite("no-op-transpose", ["Transpose"], ({ inputs }) => {
  const rank = inputs[0].partialShape.rank;
  if (rank !== undefined && rank < 2) return inputs[0];
  const order = matchIntegers(inputs[1]);
  return order !== undefined && order.length > 0 && order.every((axis, i) => axis === i) ? inputs[0] : undefined;
});
