import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { HSigmoid5 } from "../../ops/elementwise/h-sigmoid.ts";
import { isScalar, near, producer, withScalar } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { productOf } from "../factors.ts";

/** clamp(x + 3, 0, 6) / 6 in any order, clamp(x / 6 + 0.5, 0, 1), and HardSigmoid with slope 1/6 and offset 0.5. */
export const recognizeHSigmoid = rewrite("recognize-hsigmoid", ["Multiply", "Divide", "HardSigmoid", "Clamp"], (root, context) => {
  const data =
    root.type === "HardSigmoid" ? hardSigmoidInput(root.inputs) : root.type === "Clamp" ? unitClampInput(root.outputs[0]) : scaled();
  return data && node(HSigmoid5, [data]).outputs[0];

  function scaled(): Output | undefined {
    const { scale, factors } = productOf(root.outputs[0], context);
    return factors.length === 1 && near(scale, 1 / 6, root.outputs[0]) && context.isPrivate(factors[0])
      ? relu6PlusThree(factors[0])
      : undefined;
  }
});

/** The x of clamp(x + 3, 0, 6). */
export function relu6PlusThree(output: Output): Output | undefined {
  const clamp = producer(output, "Clamp");
  if (clamp === undefined || clamp.attributes["min"] !== 0 || clamp.attributes["max"] !== 6) return undefined;
  return withScalar(clamp.inputs[0], "Add", 3);
}

const hardSigmoidInput = ([data, alpha, beta]: readonly Output[]): Output | undefined =>
  isScalar(alpha, 1 / 6) && isScalar(beta, 0.5) ? data : undefined;

function unitClampInput(output: Output): Output | undefined {
  const { attributes, inputs } = output.node;
  if (attributes["min"] !== 0 || attributes["max"] !== 1) return undefined;
  const sloped = withScalar(inputs[0], "Add", 0.5);
  const divide = producer(sloped, "Divide");
  return divide && isScalar(divide.inputs[1], 6) ? divide.inputs[0] : withScalar(sloped, "Multiply", 1 / 6);
}
