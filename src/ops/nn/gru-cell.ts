import { boolean } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { type CellKind, evaluateCell, inferCell, recurrentAttributes } from "./recurrent.ts";
import { gruStep } from "./recurrent-cells.ts";

/** What the shapes of GRU follow from. */
export const gru: CellKind = {
  gates: 3,
  biasParts: (attributes) => (attributes.linear_before_reset ? 4 : 3),
  states: 1,
  activations: 2,
};
export const gruAttributes = { linear_before_reset: boolean(false), ...recurrentAttributes(["sigmoid", "tanh"]) } as const;

/** One step of GRU: inputs X [N, I], H [N, H], W [3H, I], R [3H, H] and B, gates z, r, h; the output is the new H. */
export const GRUCell3 = defineOp({
  type: "GRUCell",
  since: "opset3",
  attributes: gruAttributes,
  inputs: [4, 5],
  infer: (context) => inferCell(context, gru),
  evaluate: (context) => evaluateCell(context, gru, gruStep(context.attributes)),
});
