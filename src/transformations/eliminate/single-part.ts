import { rewrite } from "../rewrite.ts";

/** Concat of one tensor, Split into one. */
export const singlePart = rewrite("single-part", ["Concat", "Split", "VariadicSplit"], ({ type, inputs, outputs }) =>
  (type === "Concat" ? inputs : outputs).length === 1 ? inputs[0] : undefined,
);
