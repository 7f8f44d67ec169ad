import { matchIntegers } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Pad by nothing. */
export const noOpPad = rewrite("no-op-pad", ["Pad"], ({ inputs }) => {
  const pads = [matchIntegers(inputs[1]), matchIntegers(inputs[2])];
  return pads.every((p) => p?.every((n) => n === 0)) ? inputs[0] : undefined;
});
