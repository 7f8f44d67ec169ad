import type { Output } from "../../model/output.ts";
import { keepsShape, matchConstant, matchScalar } from "../match.ts";
import { rewrite } from "../rewrite.ts";

const neutral: Readonly<Record<string, { readonly element: number; readonly commutative: boolean }>> = {
  Add: { element: 0, commutative: true },
  Subtract: { element: 0, commutative: false },
  Multiply: { element: 1, commutative: true },
  Divide: { element: 1, commutative: false },
  Power: { element: 1, commutative: false },
};

/** Adding 0, multiplying by 1 and the like, where broadcasting does not widen the data. */
export const neutralElement = rewrite("neutral-element", Object.keys(neutral), ({ type, inputs: [a, b] }) => {
  const { element, commutative } = neutral[type];
  if (leaves(a, b, element)) return a;
  return commutative && leaves(b, a, element) ? b : undefined;
});

function leaves(data: Output, other: Output, element: number): boolean {
  const tensor = matchConstant(other);
  return tensor !== undefined && matchScalar(other) === element && keepsShape(data, tensor);
}
