import { node } from "../../model/node.ts";
import { Swish4 } from "../../ops/elementwise/swish.ts";
import { constantOf } from "../evaluate-node.ts";
import { eitherOrder, matchNumber, producer, splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** x * sigmoid(x), and x * sigmoid(beta * x). */
export const recognizeSwish = rewrite("recognize-swish", ["Multiply"], (multiply, context) => {
  for (const [x, gate] of eitherOrder(multiply)) {
    const inner = context.isPrivate(gate) ? producer(gate, "Sigmoid")?.inputs[0] : undefined;
    if (inner === x) return node(Swish4, [x]).outputs[0];
    const scaled = producer(inner, "Multiply");
    const parts = scaled && splitConstant(scaled);
    const beta = parts?.data === x ? matchNumber(x, parts.constant) : undefined;
    if (beta !== undefined) return node(Swish4, [x, constantOf(x.elementType, beta)]).outputs[0];
  }
  return undefined;
});
