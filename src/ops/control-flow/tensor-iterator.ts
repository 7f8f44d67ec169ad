import { anyDimension } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { iterate } from "./iterations.ts";
import { inferLoopBody, loopOutputs } from "./loop-bodies.ts";
import { inferSliceCount, sliceCount } from "./slices.ts";

/** Runs its body once for each part of its sliced inputs. */
export const TensorIterator = defineOp({
  type: "TensorIterator",
  since: "opset1",
  attributes: {},
  inputs: [1, Number.POSITIVE_INFINITY],
  bodies: [
    { name: "body", portMap: "port_map", inputs: ["invariant", "sliced", "merged"], outputs: ["last", "concatenated"], ownInputs: 0 },
  ],
  inferBodies: (context) => [inferLoopBody(context, context.bodies[0])],
  infer: (context) => loopOutputs(context, context.bodies[0], inferSliceCount(context, context.bodies[0]) ?? anyDimension),
  *control(context) {
    const count = sliceCount(context);
    if (count === undefined) return context.node.fail("nothing says how often the body runs", { hint: "An input must be sliced" });
    return yield* iterate(context, count, true);
  },
});
