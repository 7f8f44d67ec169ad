import { node } from "../../model/node.ts";
import { Transpose } from "../../ops/movement/transpose.ts";
import { constantOf } from "../evaluate-node.ts";
import { matchIntegers, producer } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** Transpose of Transpose: one, with the composed order, or none. */
export const mergeTransposes = rewrite("merge-transposes", ["Transpose"], (outer) => {
  const inner = producer(outer.inputs[0], "Transpose");
  const first = matchIntegers(inner?.inputs[1]);
  const second = matchIntegers(outer.inputs[1]);
  if (inner === undefined || first === undefined || second === undefined || first.length !== second.length) return undefined;
  const order = second.map((axis) => first[axis]);
  if (order.every((axis, i) => axis === i)) return inner.inputs[0];
  return node(Transpose, [inner.inputs[0], constantOf("i64", order)]).outputs[0];
});
