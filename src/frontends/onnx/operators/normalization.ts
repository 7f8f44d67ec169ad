import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Sqrt } from "../../../ops/elementwise/sqrt.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { GroupNormalization12 } from "../../../ops/normalization/group-normalization.ts";
import { LRN } from "../../../ops/normalization/lrn.ts";
import { MVN6 } from "../../../ops/normalization/mvn.ts";
import { ReduceL14 } from "../../../ops/reduction/reduce-l1.ts";
import { ReduceL24 } from "../../../ops/reduction/reduce-l2.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** The axes from `first` to the last. */
const axesFrom = (first: number, rank: number): number[] => Array.from({ length: Math.max(rank - first, 0) }, (_, i) => first + i);

/** Scale and shift of one number for each channel, shaped to be broadcast over data of this rank. */
function perChannel(node: OnnxNode, input: Output, rank: number): Output {
  return node.add(Reshape, [input, node.constant("i64", [1, -1, ...new Array<number>(Math.max(rank - 2, 0)).fill(1)])], {
    special_zero: false,
  });
}

/** Outputs: normalized data, and where asked for mean and inverse standard deviation. */
function layerNormalization(node: OnnxNode): readonly (Output | undefined)[] {
  const [x, scale, bias] = [node.input(0), node.input(1), node.inputs[2]];
  const rank = node.rank(x);
  const axes = node.constant("i64", axesFrom(node.axis(node.int("axis", -1), rank), rank));
  const eps = node.float("epsilon", 1e-5);
  const normalized = node.add(MVN6, [x, axes], { eps, normalize_variance: true, eps_mode: "inside_sqrt" });
  const scaled = node.add(Multiply, [normalized, scale]);
  const y = bias === undefined ? scaled : node.add(Add, [scaled, bias]);
  if (!node.hasOutput(1) && !node.hasOutput(2)) return [y];
  const mean = node.add(ReduceMean, [x, axes], { keep_dims: true });
  const centered = node.add(Subtract, [x, mean]);
  const variance = node.add(ReduceMean, [node.add(Multiply, [centered, centered]), axes], { keep_dims: true });
  const deviation = node.add(Sqrt, [node.add(Add, [variance, node.constant(x.elementType, eps)])]);
  return [y, mean, node.add(Divide, [node.constant(x.elementType, 1), deviation])];
}

/** x / sqrt(mean of x^2 + epsilon), scaled. */
function rmsNormalization(node: OnnxNode): Output {
  const [x, scale] = [node.input(0), node.input(1)];
  const rank = node.rank(x);
  const axes = node.constant("i64", axesFrom(node.axis(node.int("axis", -1), rank), rank));
  const power = node.add(ReduceMean, [node.add(Multiply, [x, x]), axes], { keep_dims: true });
  const root = node.add(Sqrt, [node.add(Add, [power, node.constant(x.elementType, node.float("epsilon", 1e-5))])]);
  return node.add(Multiply, [node.add(Divide, [x, root]), scale]);
}

function instanceNormalization(node: OnnxNode): Output {
  const x = node.input(0);
  const rank = node.rank(x);
  const axes = node.constant("i64", axesFrom(2, rank));
  const eps = node.float("epsilon", 1e-5);
  const normalized = node.add(MVN6, [x, axes], { eps, normalize_variance: true, eps_mode: "inside_sqrt" });
  return node.add(Add, [node.add(Multiply, [normalized, perChannel(node, node.input(1), rank)]), perChannel(node, node.input(2), rank)]);
}

/** Scale and shift are of groups before opset 21, then of channels. */
function groupNormalization(node: OnnxNode): Output {
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const groups = node.int("num_groups");
  const attributes = { num_groups: groups, epsilon: node.float("epsilon", 1e-5) };
  if (node.opset >= 21) return node.add(GroupNormalization12, [x, scale, bias], attributes);
  const channels = x.partialShape.dimensions?.[1];
  if (channels === undefined || !isKnown(channels)) return node.unsupported("an unknown number of channels is not supported");
  const spread = (input: Output): Output => {
    const column = node.add(Reshape, [input, node.constant("i64", [groups, 1])], { special_zero: false });
    const wide = node.add(Broadcast3, [column, node.constant("i64", [groups, channels / groups])], { mode: "numpy" });
    return node.add(Reshape, [wide, node.constant("i64", [-1])], { special_zero: false });
  };
  return node.add(GroupNormalization12, [x, spread(scale), spread(bias)], attributes);
}

/** Smallest normal number of binary32: what a norm of zero is replaced by, so that zeros stay zeros. */
const smallest = 1.1754943508222875e-38;

function lpNormalization(node: OnnxNode): Output {
  const x = node.input(0);
  const p = node.int("p", 2);
  if (p !== 1 && p !== 2) node.fail('attribute "p" must be 1 or 2', { got: `${p}` });
  const axis = node.constant("i64", [node.int("axis", -1)]);
  const norm = node.add(p === 1 ? ReduceL14 : ReduceL24, [x, axis], { keep_dims: true });
  return node.add(Divide, [x, node.add(Maximum, [norm, node.constant(x.elementType, smallest)])]);
}

export const normalizationOperators: readonly Operator[] = [
  onnxOperator("GroupNormalization", groupNormalization),
  onnxOperator("InstanceNormalization", instanceNormalization),
  onnxOperator("LayerNormalization", layerNormalization),
  onnxOperator("LpNormalization", lpNormalization),
  onnxOperator("LRN", (node) =>
    node.add(LRN, [node.input(0), node.constant("i64", [1])], {
      alpha: node.float("alpha", 1e-4),
      beta: node.float("beta", 0.75),
      bias: node.float("bias", 1),
      size: node.int("size"),
    }),
  ),
  onnxOperator("MeanVarianceNormalization", (node) =>
    node.add(MVN6, [node.input(0), node.constant("i64", node.ints("axes") ?? [0, 2, 3])], {
      eps: 1e-9,
      normalize_variance: true,
      eps_mode: "outside_sqrt",
    }),
  ),
  onnxOperator("RMSNormalization", rmsNormalization),
];
