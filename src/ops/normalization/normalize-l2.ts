import { float, string } from "../../model/attribute.ts";
import { div, input } from "../../model/scalar-expression.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";
import { reduceTensor, resolveAxes } from "../reduction/define-reduction.ts";

/** x / sqrt(sum of x^2 over axes, with eps added to it or as its least value). */
export const NormalizeL2 = defineOp({
  type: "NormalizeL2",
  since: "opset1",
  inputs: 2,
  attributes: { eps: float(), eps_mode: string({ oneOf: ["add", "max"] }) },
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ node, inputs: [x, axesTensor], attributes }) => {
    const axes = resolveAxes(Array.from(tensorNumbers(axesTensor)), x.shape.length, (a) =>
      node.fail("an axis is out of range", { got: String(a) }),
    );
    const eps = attributes["eps"] as number;
    const add = attributes["eps_mode"] === "add";
    const norm = reduceTensor(x, axes, true, {
      start: 0,
      combine: (sum, v) => sum + v * v,
      finish: (sum) => Math.sqrt(add ? sum + eps : Math.max(sum, eps)),
    });
    return [evaluateScalar(div(input(0), input(1)), [x, norm], x.elementType)];
  },
});
