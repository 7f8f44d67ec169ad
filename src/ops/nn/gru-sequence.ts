import { defineOp } from "../define-op.ts";
import { gru, gruAttributes } from "./gru-cell.ts";
import { direction, evaluateSequence, inferSequence } from "./recurrent.ts";
import { gruStep } from "./recurrent-cells.ts";

/** GRU over sequences: inputs X, H, lengths, W, R, B with a dimension for directions; outputs all H and the last. */
export const GRUSequence5 = defineOp({
  type: "GRUSequence",
  since: "opset5",
  attributes: { direction, ...gruAttributes },
  inputs: 6,
  infer: (context) => inferSequence(context, gru),
  evaluate: (context) => evaluateSequence(context, gru, gruStep(context.attributes)),
});
