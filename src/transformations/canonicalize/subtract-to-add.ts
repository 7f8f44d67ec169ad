import { node } from "../../model/node.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { matchConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** Subtraction of constants is addition of their negatives, so that the rules for Add apply. */
export const subtractToAdd = rewrite("subtract-to-add", ["Subtract"], ({ inputs: [data, subtrahend] }) => {
  const tensor = matchConstant(subtrahend);
  const numbers = tensor && isFloat(tensor.elementType) && !matchConstant(data) ? tensorNumbers(tensor) : undefined;
  if (tensor === undefined || numbers === undefined) return undefined;
  const negated = tensorOfNumbers(
    tensor.elementType,
    tensor.shape,
    numbers.map((x) => -x),
  );
  return node(Add, [data, constantNode(negated).outputs[0]]).outputs[0];
});
