import type { Output } from "../../../model/output.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { TopK11 } from "../../../ops/reduction/top-k.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** Position of the extreme element: the first of equal ones, or the last with `select_last_index`. */
function argument(node: OnnxNode, mode: "max" | "min"): Output {
  const x = node.input(0);
  const axis = node.axis(node.int("axis", 0), node.rank(x));
  const at = node.constant("i64", [axis]);
  const last = node.int("select_last_index", 0) !== 0;
  const one = node.constant("i64", [1]);
  const minusOne = node.constant("i64", [-1]);
  const data = last ? node.add(Slice8, [x, minusOne, node.constant("i64", [-Number.MAX_SAFE_INTEGER]), minusOne, at]) : x;
  const attributes = { axis, mode, sort: "value", index_element_type: "i64", stable: true };
  const found = node.addNode(TopK11, [data, node.constant("i64", 1)], attributes).outputs[1];
  let index = found;
  if (last) {
    const length = node.add(Gather8, [
      node.add(ShapeOf3, [x], { output_type: "i64" }),
      node.constant("i64", axis),
      node.constant("i64", 0),
    ]);
    index = node.add(Subtract, [node.add(Subtract, [length, one]), found]);
  }
  return node.int("keepdims", 1) === 0 ? node.add(Squeeze1, [index, at]) : index;
}

/** Outputs: values and positions; of equal values the one at the lower position comes first. */
function topK(node: OnnxNode, k: Output): readonly Output[] {
  const x = node.input(0);
  const sorted = node.int("sorted", 1) !== 0;
  return node.addNode(TopK11, [x, k], {
    axis: node.axis(node.int("axis", -1), node.rank(x)),
    mode: node.int("largest", 1) !== 0 ? "max" : "min",
    sort: sorted ? "value" : "none",
    index_element_type: "i64",
    stable: sorted,
  }).outputs;
}

export const topKOperators: readonly Operator[] = [
  onnxOperator("ArgMax", (node) => argument(node, "max")),
  onnxOperator("ArgMin", (node) => argument(node, "min")),
  onnxOperator("TopK", {
    1: (node) => topK(node, node.constant("i64", node.int("k"))),
    10: (node) => topK(node, node.add(Squeeze1, [node.input(1), node.constant("i64", [0])])),
  }),
];
