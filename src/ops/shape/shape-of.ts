import { elementType } from "../../model/attribute.ts";
import { tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { anyDimension } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** The lengths of the input's dimensions. */
export const ShapeOf1 = defineOp({
  type: "ShapeOf",
  since: "opset1",
  inputs: 1,
  attributes: {},
  shapeOnly: true,
  infer: ({ inputs: [x] }) => [outputSpec("i64", [x.partialShape.rank ?? anyDimension], x.partialShape.dimensions)],
  evaluate: ({ inputs: [x] }) => [tensorOfNumbers("i64", [x.shape.length], [...x.shape])],
});

/** The same, as i64 or i32. */
export const ShapeOf3 = defineOp({
  type: "ShapeOf",
  since: "opset3",
  inputs: 1,
  attributes: { output_type: elementType("i64") },
  shapeOnly: true,
  infer: ({ inputs: [x], attributes }) => [
    outputSpec(attributes.output_type, [x.partialShape.rank ?? anyDimension], x.partialShape.dimensions),
  ],
  evaluate: ({ inputs: [x], attributes }) => [tensorOfNumbers(attributes.output_type, [x.shape.length], [...x.shape])],
});
