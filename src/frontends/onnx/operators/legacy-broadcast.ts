import type { Output } from "../../../model/output.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import type { OnnxNode } from "../onnx-node.ts";

/**
 * The two inputs of a binary operator. Before opset 7 a second input of lower rank was aligned to the first's dimensions from attribute
 * `axis` on (by default to the last ones); since then numpy's rules hold, which is what OpenVINO has.
 */
export function binaryInputs(node: OnnxNode): [Output, Output] {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.opset >= 7 || node.int("broadcast", 0) === 0 || !node.has("axis")) return [a, b];
  const rank = node.rank(a);
  const shape = b.partialShape.toShape(node.where);
  const axis = node.axis(node.int("axis"), rank);
  if (axis + shape.length > rank)
    node.fail("the second input does not fit at this axis", { got: `axis ${axis}, shapes ${a.partialShape} and ${b.partialShape}` });
  const aligned = [...shape, ...new Array<number>(rank - axis - shape.length).fill(1)];
  return [a, node.add(Reshape, [b, node.constant("i64", aligned)], { special_zero: false })];
}
