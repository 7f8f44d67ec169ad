import { node } from "../../model/node.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { matchConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";

/** Division by constants is multiplication by their reciprocals, where these are ordinary numbers. */
export const divideToMultiply = rewrite("divide-to-multiply", ["Divide"], ({ inputs: [data, divisor] }) => {
  const tensor = matchConstant(divisor);
  if (tensor === undefined || !isFloat(tensor.elementType) || matchConstant(data)) return undefined;
  const reciprocals = tensorNumbers(tensor).map((x) => 1 / x);
  if (!reciprocals.every((r) => Number.isFinite(r) && Math.abs(r) > smallest && Math.abs(r) < largest)) return undefined;
  return node(Multiply, [data, constantNode(tensorOfNumbers(tensor.elementType, tensor.shape, reciprocals)).outputs[0]]).outputs[0];
});

/** Inside the normal range of binary16, so that no type rounds a reciprocal away. */
const smallest = 2 ** -14;
const largest = 65504;
