import { defineOp } from "../define-op.ts";
import { convertTensor } from "./convert-tensor.ts";
import { inferConversion } from "./convert.ts";

/** Changes the element type to that of the second input. */
export const ConvertLike = defineOp({
  type: "ConvertLike",
  since: "opset1",
  inputs: 2,
  attributes: {},
  infer: (context) => inferConversion(context, context.inputs[1].elementType),
  evaluate: ({ inputs: [data, like] }) => [convertTensor(data, like.elementType)],
});
