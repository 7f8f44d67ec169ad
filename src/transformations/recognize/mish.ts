import { node } from "../../model/node.ts";
import { Mish4 } from "../../ops/elementwise/mish.ts";
import { eitherOrder, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** x * tanh(softplus(x)). */
export const recognizeMish = rewrite("recognize-mish", ["Multiply"], (multiply, context) => {
  for (const [x, gate] of eitherOrder(multiply)) {
    const softPlus = producer(producer(gate, "Tanh")?.inputs[0], "SoftPlus");
    if (softPlus?.inputs[0] === x && context.isPrivate(gate)) return node(Mish4, [x]).outputs[0];
  }
  return undefined;
});
