import type { Body } from "../../model/body.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { isTrue, iterate } from "./iterations.ts";
import { inferLoopBody, loopOutputs } from "./loop-bodies.ts";
import { sliceCount } from "./slices.ts";

/**
 * Runs its body as often as input 0 says (below 0: without a limit), while input 1 and then the body's condition are true. The other
 * inputs are what the port map gives to the body.
 */
export const Loop5 = defineOp({
  type: "Loop",
  since: "opset5",
  attributes: {},
  inputs: [2, Number.POSITIVE_INFINITY],
  bodies: [
    {
      name: "body",
      portMap: "port_map",
      inputs: ["invariant", "sliced", "merged", "iteration"],
      outputs: ["last", "concatenated"],
      hasCondition: true,
      ownInputs: 2,
    },
  ],
  inferBodies: (context) => [inferLoopBody(context, context.bodies[0])],
  infer: (context) => loopOutputs(context, context.bodies[0], tripCount(context, context.bodies[0])),
  *control(context) {
    const { node, inputs } = context;
    const [limit] = tensorNumbers(inputs[0]);
    const parts = sliceCount(context);
    const count = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    if (inputs[0].size !== 1) node.fail("the trip count must be one element", { got: `[${inputs[0].shape}]` });
    if (parts !== undefined && parts < count)
      node.fail("a sliced input ends before the loop does", { expected: `${limit} parts`, got: `${parts}` });
    return yield* iterate(context, count, isTrue(context, inputs[1], "the condition"));
  },
});

/** The number of iterations where nothing but the limit decides it. */
function tripCount(context: InferContext, { model, condition, inputs }: Body): Dimension {
  const [limit, ...more] = context.value(0) ?? [];
  const first = context.value(1)?.[0];
  if (first === 0) return 0;
  if (first !== 1 || limit === undefined || more.length > 0 || (isKnown(limit) && limit < 0)) return anyDimension;
  const isAlwaysTrue = (): boolean => {
    if (condition === undefined) return true;
    const source = model.results[condition].inputs[0];
    if (source.node.constant !== undefined) return Number(source.node.constant.data[0]) !== 0;
    // A condition that is handed on as it came stays what it was at first.
    const parameter = model.parameters.indexOf(source.node);
    const input = inputs.find((i) => i.parameter === parameter);
    if (input === undefined || input.kind === "iteration" || input.kind === "sliced") return false;
    return (input.kind === "invariant" || input.result === condition) && context.value(input.input)?.[0] === 1;
  };
  return isAlwaysTrue() ? limit : anyDimension;
}
