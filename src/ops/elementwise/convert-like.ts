import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { convertTensor } from "./convert.ts";

/** Changes the element type to that of the second input. */
export const ConvertLike = defineOp({
  type: "ConvertLike",
  since: "opset1",
  inputs: 2,
  attributes: {},
  infer: ({ inputs: [data, like] }) => [outputSpec(like.elementType, data.partialShape.dimensions)],
  evaluate: ({ inputs: [data, like] }) => [convertTensor(data, like.elementType)],
});
