import { boolean, string } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { type CellKind, evaluateCell, inferCell, recurrentAttributes } from "./recurrent.ts";
import { lstmStep } from "./recurrent-cells.ts";

/** What the shapes of LSTM follow from. */
export const lstm: CellKind = { gates: 4, biasParts: () => 4, states: 2, activations: 3 };
export const lstmAttributes = recurrentAttributes(["sigmoid", "tanh", "tanh"]);
const formats = ["fico", "icof", "ifco", "ifoc", "iofc"] as const;

/** One step of LSTM: inputs X, H, C, W, R, optionally B and peepholes; outputs the new H and C. */
export const LSTMCell1 = defineOp({
  type: "LSTMCell",
  since: "opset1",
  attributes: { ...lstmAttributes, input_forget: boolean(false), weights_format: string({ default: "fico", oneOf: formats }) },
  inputs: [5, 7],
  infer: (context) => inferCell(context, lstm),
  evaluate: (context) => {
    const format = context.attributes.weights_format as (typeof formats)[number];
    const order = [..."fico"].map((letter) => format.indexOf(letter)) as [number, number, number, number];
    return evaluateCell(context, lstm, lstmStep(context.attributes, order), context.inputs[6]);
  },
});

/** One step of LSTM: inputs X [N, I], H and C [N, H], W [4H, I], R [4H, H] and B [4H], gates f, i, c, o; outputs the new H and C. */
export const LSTMCell4 = defineOp({
  type: "LSTMCell",
  since: "opset4",
  attributes: lstmAttributes,
  inputs: [5, 6],
  infer: (context) => inferCell(context, lstm),
  evaluate: (context) => evaluateCell(context, lstm, lstmStep(context.attributes)),
});
