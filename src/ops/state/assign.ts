import { string } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** Makes its input the value of a variable from the next inference on, and passes it on. */
export const Assign3 = defineOp({
  type: "Assign",
  since: "opset3",
  role: "sink",
  state: "write",
  impure: true,
  attributes: { variable_id: string() },
  inputs: 1,
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ inputs: [x], attributes, state }) => {
    state?.write(attributes.variable_id, x);
    return [x];
  },
});

/** As opset6 has it. */
export const Assign6 = defineOp({ ...Assign3, since: "opset6" });
