import { defineOp } from "../define-op.ts";
import { rnn, rnnAttributes } from "./rnn-cell.ts";
import { direction, evaluateSequence, inferSequence } from "./recurrent.ts";
import { rnnStep } from "./recurrent-cells.ts";

/** A plain recurrent network over sequences: inputs X, H, lengths, W, R, B with a dimension for directions. */
export const RNNSequence5 = defineOp({
  type: "RNNSequence",
  since: "opset5",
  attributes: { direction, ...rnnAttributes },
  inputs: 6,
  infer: (context) => inferSequence(context, rnn),
  evaluate: (context) => evaluateSequence(context, rnn, rnnStep(context.attributes)),
});
