import { node } from "../../model/node.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { constantOf } from "../evaluate-node.ts";
import { rewrite } from "../rewrite.ts";

/** A negation is a multiplication by -1, so that it can go into weights. */
export const negativeToMultiply = rewrite("negative-to-multiply", ["Negative"], ({ inputs: [data] }) =>
  isFloat(data.elementType) ? node(Multiply, [data, constantOf(data.elementType, -1)]).outputs[0] : undefined,
);
