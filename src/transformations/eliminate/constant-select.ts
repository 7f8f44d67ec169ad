import { matchConstant, matchScalar, sameShapes } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Select whose condition is all true or all false is the branch, where that has the whole shape. */
export const constantSelect = rewrite("constant-select", ["Select"], ({ inputs, outputs }) => {
  const condition = matchConstant(inputs[0]) && matchScalar(inputs[0]);
  if (condition === undefined) return undefined;
  const branch = inputs[condition === 0 ? 2 : 1];
  return sameShapes(branch, outputs[0]) ? branch : undefined;
});
