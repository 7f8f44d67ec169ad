import { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { defineOp } from "../define-op.ts";

/** An output of the model: passes its input on. */
export const Result = defineOp({
  type: "Result",
  since: "opset1",
  role: "result",
  inputs: 1,
  attributes: {},
  infer: ({ inputs }) => [
    {
      elementType: inputs[0].elementType,
      shape: inputs[0].partialShape,
      ...(inputs[0].value === undefined ? {} : { value: inputs[0].value }),
    },
  ],
  evaluate: ({ inputs }) => [inputs[0]],
});

/** Makes a Result of an output and takes over its tensor names. */
export function result(output: Output, friendlyName = `${output.anyName}/sink_port_0`): Node {
  const node = new Node(Result, [output], {}, { friendlyName });
  for (const name of output.names) node.outputs[0].names.add(name);
  return node;
}
