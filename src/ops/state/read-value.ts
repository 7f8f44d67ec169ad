import { elementType as elementTypeAttribute, shape as shapeAttribute, string } from "../../model/attribute.ts";
import { zerosOf } from "../../model/variable-states.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** The value of a variable: that of the input until something was assigned. */
export const ReadValue3 = defineOp({
  type: "ReadValue",
  since: "opset3",
  state: "read",
  impure: true,
  attributes: { variable_id: string() },
  inputs: 1,
  infer: ({ inputs: [x] }) => [outputSpec(x.elementType, x.partialShape.dimensions)],
  evaluate: ({ inputs: [x], attributes, state }) => [state?.get(attributes.variable_id) ?? x],
});

/** The same with a type of its own, and zeros where there is no input. Files before 2022.2 leave the type to the input. */
export const ReadValue6 = defineOp({
  ...ReadValue3,
  since: "opset6",
  attributes: { variable_id: string(), variable_type: elementTypeAttribute(null), variable_shape: shapeAttribute(null) },
  inputs: [0, 1],
  infer: (context) => {
    const x = context.inputs.at(0);
    const type = context.attributes.variable_type ?? "dynamic";
    const own = new PartialShape(context.attributes.variable_shape);
    if (x === undefined && type === "dynamic") context.fail("nothing says the variable's type", { expected: "an input, or variable_type" });
    const elementType = type === "dynamic" && x !== undefined ? x.elementType : type;
    if (x !== undefined && x.elementType !== elementType && x.elementType !== "dynamic")
      context.fail("the first value is not of the variable's type", { expected: elementType, got: x.elementType });
    const shape = x !== undefined && own.dimensions === undefined ? x.partialShape : own;
    if (x !== undefined && shape.merge(x.partialShape) === undefined)
      context.fail("the first value is not of the variable's shape", { expected: `${own}`, got: `${x.partialShape}` });
    return [outputSpec(elementType, shape.dimensions)];
  },
  evaluate: ({ node, inputs, attributes, state }) => {
    const id = attributes.variable_id;
    const { elementType, partialShape: shape } = node.outputs[0];
    return [state?.get(id) ?? inputs.at(0) ?? zerosOf({ id, elementType, shape })];
  },
});
