import { node } from "../../model/node.ts";
import { SoftPlus4 } from "../../ops/elementwise/soft-plus.ts";
import { producer, withScalar } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** log(exp(x) + 1). */
export const recognizeSoftPlus = rewrite("recognize-softplus", ["Log"], (log, context) => {
  const exp = producer(withScalar(log.inputs[0], "Add", 1), "Exp");
  return exp && context.isPrivate(log.inputs[0]) ? node(SoftPlus4, [exp.inputs[0]]).outputs[0] : undefined;
});
