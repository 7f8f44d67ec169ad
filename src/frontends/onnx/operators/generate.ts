import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Equal } from "../../../ops/elementwise/equal.ts";
import { GreaterEqual } from "../../../ops/elementwise/greater-equal.ts";
import { LessEqual } from "../../../ops/elementwise/less-equal.ts";
import { Select } from "../../../ops/elementwise/select.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { NonZero3 } from "../../../ops/movement/non-zero.ts";
import { OneHot16 } from "../../../ops/movement/one-hot.ts";
import { Split } from "../../../ops/movement/split.ts";
import { CumSum3 } from "../../../ops/reduction/cum-sum.ts";
import { Range4 } from "../../../ops/shape/range.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import { elementTypeOf, dataTypeName } from "../element-types.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** An input of one element as a scalar. */
const scalar = (node: OnnxNode, input: Output): Output =>
  input.partialShape.rank === 1 ? node.add(Squeeze1, [input, node.constant("i64", [0])]) : input;

const toI64 = (node: OnnxNode, input: Output): Output =>
  input.elementType === "i64" ? input : node.add(Convert, [input], { destination_type: "i64" });

/** Input 2 holds the values of cold and hot elements. */
function oneHot(node: OnnxNode): Output {
  const [cold, hot] = node
    .addNode(Split, [node.input(2), node.constant("i64", 0)], { num_splits: 2 })
    .outputs.map((v) => node.add(Squeeze1, [v, node.constant("i64", [0])]));
  const depth = scalar(node, toI64(node, node.input(1)));
  return node.add(OneHot16, [toI64(node, node.input(0)), depth, hot, cold], {
    axis: node.int("axis", -1),
    negative_indices_mode: "normalize",
  });
}

/** Positions of rows, as a column, and of columns, as a row, of the matrices that the last two dimensions are. */
function positions(node: OnnxNode, x: Output): { readonly rows: Output; readonly columns: Output } {
  const shape = node.add(ShapeOf3, [x], { output_type: "i64" });
  const range = (axis: number, unsqueezed: number): Output => {
    const length = node.add(Gather8, [shape, node.constant("i64", axis), node.constant("i64", 0)]);
    const all = node.add(Range4, [node.constant("i64", 0), length, node.constant("i64", 1)], { output_type: "i64" });
    return node.add(Unsqueeze, [all, node.constant("i64", [unsqueezed])]);
  };
  return { rows: range(-2, 1), columns: range(-1, 0) };
}

/** Keeps the elements above or below a diagonal, which input 1 moves to the right. */
function triangle(node: OnnxNode): Output {
  const x = node.input(0);
  const { rows, columns } = positions(node, x);
  const diagonal = node.inputs[1] === undefined ? rows : node.add(Add, [rows, toI64(node, node.inputs[1])]);
  const inside = node.add(node.int("upper", 1) !== 0 ? GreaterEqual : LessEqual, [columns, diagonal]);
  return node.add(Select, [inside, x, node.constant(x.elementType, 0)]);
}

/** Ones on a diagonal of a matrix as large as the input. */
function eyeLike(node: OnnxNode): Output {
  const x = node.input(0);
  const type = node.has("dtype") ? elementTypeOf(node.int("dtype")) : x.elementType;
  if (type === undefined) return node.unsupported("this element type is not supported", { got: dataTypeName(node.int("dtype")) });
  const { rows, columns } = positions(node, x);
  const diagonal = node.add(Add, [rows, node.constant("i64", node.int("k", 0))]);
  return node.add(Convert, [node.add(Equal, [columns, diagonal])], { destination_type: type });
}

export const generatingOperators: readonly Operator[] = [
  onnxOperator("CumSum", (node) =>
    node.add(CumSum3, [node.input(0), scalar(node, node.input(1))], {
      exclusive: node.int("exclusive", 0) !== 0,
      reverse: node.int("reverse", 0) !== 0,
    }),
  ),
  onnxOperator("EyeLike", eyeLike),
  onnxOperator("NonZero", (node) => node.add(NonZero3, [node.input(0)], { output_type: "i64" })),
  onnxOperator("OneHot", oneHot),
  onnxOperator("Range", (node) =>
    node.add(
      Range4,
      [0, 1, 2].map((i) => scalar(node, node.input(i))),
      { output_type: node.input(0).elementType },
    ),
  ),
  onnxOperator("Trilu", triangle),
];
