import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Abs } from "../../../ops/elementwise/abs.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Exp } from "../../../ops/elementwise/exp.ts";
import { Log } from "../../../ops/elementwise/log.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { ReduceL14 } from "../../../ops/reduction/reduce-l1.ts";
import { ReduceL24 } from "../../../ops/reduction/reduce-l2.ts";
import { ReduceLogicalAnd } from "../../../ops/reduction/reduce-logical-and.ts";
import { ReduceLogicalOr } from "../../../ops/reduction/reduce-logical-or.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import { ReduceMin } from "../../../ops/reduction/reduce-min.ts";
import { ReduceProd } from "../../../ops/reduction/reduce-prod.ts";
import { ReduceSum } from "../../../ops/reduction/reduce-sum.ts";
import { Range4 } from "../../../ops/shape/range.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** The axes of input 1, or of the attribute that it replaced: since opset 18, of ReduceSum since 13. Undefined where none are given. */
function givenAxes(node: OnnxNode): Output | undefined {
  const input = node.inputs[1];
  if (input !== undefined) return input.partialShape.dimensions?.[0] === 0 ? undefined : input;
  const attribute = node.ints("axes");
  return attribute === undefined || attribute.length === 0 ? undefined : node.constant("i64", attribute);
}

function allAxes(node: OnnxNode, x: Output): Output {
  const { rank } = x.partialShape;
  if (rank !== undefined)
    return node.constant(
      "i64",
      Array.from({ length: rank }, (_, i) => i),
    );
  const shape = node.add(ShapeOf3, [x], { output_type: "i64" });
  const length = node.add(Squeeze1, [node.add(ShapeOf3, [shape], { output_type: "i64" }), node.constant("i64", [0])]);
  return node.add(Range4, [node.constant("i64", 0), length, node.constant("i64", 1)], { output_type: "i64" });
}

type Reduce = (x: Output, axes: Output, keep_dims: boolean) => Output;

/** A reduction. `alone` is what it does to a single element: where no axes are given and the model wants no reduction then. */
const reduction = (
  type: string,
  reduce: (node: OnnxNode) => Reduce,
  alone: (node: OnnxNode, x: Output) => Output = (_, x) => x,
): Operator =>
  onnxOperator(type, (node) => {
    const x = node.input(0);
    const axes = givenAxes(node);
    if (axes === undefined && node.int("noop_with_empty_axes", 0) !== 0) return alone(node, x);
    return reduce(node)(x, axes ?? allAxes(node, x), node.int("keepdims", 1) !== 0);
  });

const plain =
  (op: OperationDefinition, ofBooleans: OperationDefinition = op) =>
  (node: OnnxNode): Reduce =>
  (x, axes, keep_dims) =>
    node.add(x.elementType === "boolean" ? ofBooleans : op, [x, axes], { keep_dims });

const square = (node: OnnxNode, x: Output): Output => node.add(Multiply, [x, x]);

/** log(sum(exp(x))), with the largest element taken out so that exp does not overflow. */
const logSumExp =
  (node: OnnxNode): Reduce =>
  (x, axes, keep_dims) => {
    const largest = node.add(ReduceMax, [x, axes], { keep_dims: true });
    const sum = node.add(ReduceSum, [node.add(Exp, [node.add(Subtract, [x, largest])]), axes], { keep_dims });
    return node.add(Add, [keep_dims ? largest : node.add(Squeeze1, [largest, axes]), node.add(Log, [sum])]);
  };

export const reductionOperators: readonly Operator[] = [
  reduction("ReduceMax", plain(ReduceMax, ReduceLogicalOr)),
  reduction("ReduceMin", plain(ReduceMin, ReduceLogicalAnd)),
  reduction("ReduceMean", plain(ReduceMean)),
  reduction("ReduceProd", plain(ReduceProd)),
  reduction("ReduceSum", plain(ReduceSum)),
  reduction("ReduceL1", plain(ReduceL14), (node, x) => node.add(Abs, [x])),
  reduction("ReduceL2", plain(ReduceL24), (node, x) => node.add(Abs, [x])),
  reduction(
    "ReduceLogSum",
    (node) => (x, axes, keep) => node.add(Log, [plain(ReduceSum)(node)(x, axes, keep)]),
    (node, x) => node.add(Log, [x]),
  ),
  reduction("ReduceLogSumExp", logSumExp),
  reduction("ReduceSumSquare", (node) => (x, axes, keep) => plain(ReduceSum)(node)(square(node, x), axes, keep), square),
];
