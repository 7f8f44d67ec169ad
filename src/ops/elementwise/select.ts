import { select } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { commonType, defineElementwise } from "../define-elementwise.ts";

/** Where the condition is true the element of the second input, else of the third. */
export const Select = defineElementwise({
  type: "Select",
  since: "opset1",
  inputs: 3,
  attributes: autoBroadcast,
  scalar: ([condition, a, b]) => select(condition, a, b),
  outputType: (context) => {
    const { elementType } = context.inputs[0];
    if (elementType !== "boolean" && elementType !== "dynamic") context.fail("the condition must be boolean", { got: elementType });
    return commonType(context, "any", [1, 2]);
  },
});
