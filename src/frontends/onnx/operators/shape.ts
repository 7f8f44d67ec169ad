import type { Output } from "../../../model/output.ts";
import { ReduceProd } from "../../../ops/reduction/reduce-prod.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { flattened } from "./flattened.ts";

const shapeOf = (node: OnnxNode): Output => node.add(ShapeOf3, [node.input(0)], { output_type: "i64" });

/** All lengths, or since opset 15 those from `start` to before `end`. */
function shape(node: OnnxNode): Output {
  const whole = shapeOf(node);
  if (!node.has("start") && !node.has("end")) return whole;
  const list = (n: number): Output => node.constant("i64", [n]);
  return node.add(Slice8, [whole, list(node.int("start", 0)), list(node.int("end", Number.MAX_SAFE_INTEGER)), list(1), list(0)]);
}

/** Axes are an attribute before opset 13, then an input. */
const axesOf = (node: OnnxNode): Output | undefined => {
  const attribute = node.ints("axes");
  return attribute === undefined ? node.inputs[1] : node.constant("i64", attribute);
};

function flatten(node: OnnxNode): Output {
  const x = node.input(0);
  const axis = node.int("axis", 1);
  // The axis may also be the rank: then all dimensions are rows.
  const { rank } = x.partialShape;
  const resolved = axis < 0 ? axis + node.rank(x) : axis;
  if (resolved < 0 || (rank !== undefined && resolved > rank))
    node.fail("the axis is out of range", { got: `${axis}, data ${x.partialShape}` });
  return flattened(node, x, resolved);
}

export const shapeOperators: readonly Operator[] = [
  onnxOperator("Expand", (node) => node.add(Broadcast3, [node.input(0), node.input(1)], { mode: "bidirectional" })),
  onnxOperator("Flatten", flatten),
  onnxOperator("Reshape", {
    1: (node) => {
      const given = node.ints("shape") ?? node.fail('attribute "shape" is missing');
      return node.add(Reshape, [node.input(0), node.constant("i64", given)], { special_zero: true });
    },
    5: (node) => node.add(Reshape, [node.input(0), node.input(1)], { special_zero: node.int("allowzero", 0) === 0 }),
  }),
  onnxOperator("Shape", shape),
  onnxOperator("Size", (node) => node.add(ReduceProd, [shapeOf(node), node.constant("i64", [0])], { keep_dims: false })),
  onnxOperator("Squeeze", (node) => {
    const axes = axesOf(node);
    return node.add(Squeeze1, axes === undefined ? [node.input(0)] : [node.input(0), axes]);
  }),
  onnxOperator("Unsqueeze", (node) => node.add(Unsqueeze, [node.input(0), axesOf(node) ?? node.fail("the axes are missing")])),
];
