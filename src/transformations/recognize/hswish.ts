import { node } from "../../model/node.ts";
import { HSwish4 } from "../../ops/elementwise/h-swish.ts";
import { bothOrders, near, producer } from "../match.ts";
import { productOf } from "../factors.ts";
import { rewrite } from "../rewrite.ts";
import { relu6PlusThree } from "./hsigmoid.ts";

/** x * HSigmoid(x), and x * clamp(x + 3, 0, 6) / 6 with the factors in any order. */
export const recognizeHSwish = rewrite("recognize-hswish", ["Multiply", "Divide"], (root, context) => {
  const [output] = root.outputs;
  const { scale, factors } = productOf(output, context);
  if (factors.length !== 2) return undefined;
  for (const [x, gate] of bothOrders(factors)) {
    const gated = near(scale, 1, output)
      ? producer(gate, "HSigmoid")?.inputs[0]
      : near(scale, 1 / 6, output)
        ? relu6PlusThree(gate)
        : undefined;
    if (gated === x && context.isPrivate(gate)) return node(HSwish4, [x]).outputs[0];
  }
  return undefined;
});
