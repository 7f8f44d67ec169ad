import { defineOp } from "../define-op.ts";
import { type CellKind, evaluateCell, inferCell, recurrentAttributes } from "./recurrent.ts";
import { rnnStep } from "./recurrent-cells.ts";

/** What the shapes of plain recurrence follow from. */
export const rnn: CellKind = { gates: 1, biasParts: () => 1, states: 1, activations: 1 };
export const rnnAttributes = recurrentAttributes(["tanh"]);

/** One step of a plain recurrent network: inputs X [N, I], H [N, H], W [H, I], R [H, H] and B [H]; the output is the new H. */
export const RNNCell = defineOp({
  type: "RNNCell",
  since: "opset1",
  attributes: rnnAttributes,
  inputs: [4, 5],
  infer: (context) => inferCell(context, rnn),
  evaluate: (context) => evaluateCell(context, rnn, rnnStep(context.attributes)),
});
