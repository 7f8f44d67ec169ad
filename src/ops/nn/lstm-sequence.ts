import { defineOp } from "../define-op.ts";
import { lstm, lstmAttributes } from "./lstm-cell.ts";
import { direction, evaluateSequence, inferSequence } from "./recurrent.ts";
import { lstmStep } from "./recurrent-cells.ts";

/** LSTM over sequences: inputs X, H, C, lengths, W, R, B with a dimension for directions; outputs all H, the last H and C. */
export const LSTMSequence5 = defineOp({
  type: "LSTMSequence",
  since: "opset5",
  attributes: { direction, ...lstmAttributes },
  inputs: 7,
  infer: (context) => inferSequence(context, lstm),
  evaluate: (context) => evaluateSequence(context, lstm, lstmStep(context.attributes)),
});
