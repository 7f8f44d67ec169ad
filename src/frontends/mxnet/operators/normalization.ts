import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { BatchNormInference5 } from "../../../ops/normalization/batch-norm-inference.ts";
import { LogSoftmax5 } from "../../../ops/normalization/log-softmax.ts";
import { LRN } from "../../../ops/normalization/lrn.ts";
import { MVN6 } from "../../../ops/normalization/mvn.ts";
import { NormalizeL2 } from "../../../ops/normalization/normalize-l2.ts";
import { Softmax8 } from "../../../ops/normalization/softmax.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";

/** Gamma counts as 1 where `fix_gamma` is on, which is the default, whatever is stored. */
function batchNorm(node: MxnetNode): Output {
  if (node.int("axis", 1) !== 1) node.unsupported('only channels on axis 1 are supported in parameter "axis"');
  const beta = node.input(2);
  const gamma = node.boolean("fix_gamma", true)
    ? node.constant(
        "f32",
        Array.from({ length: node.shapeOf(beta)[0] }, () => 1),
      )
    : node.input(1);
  return node.add(BatchNormInference5, [node.input(0), gamma, beta, node.input(3), node.input(4)], { epsilon: node.float("eps", 1e-3) });
}

/** A vector as it broadcasts to one axis of `rank`. */
function along(node: MxnetNode, vector: Output, axis: number, rank: number): Output {
  if (axis === rank - 1) return vector;
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1));
  return node.add(Reshape, [vector, node.constant("i64", shape)], { special_zero: false });
}

function normalized(node: MxnetNode, axes: readonly number[], axis: number, eps: number): Output {
  const rank = node.rank(node.input(0));
  const normal = node.add(MVN6, [node.input(0), node.constant("i64", axes)], { normalize_variance: true, eps, eps_mode: "inside_sqrt" });
  const scaled = node.add(Multiply, [normal, along(node, node.input(1), axis, rank)]);
  return node.add(Add, [scaled, along(node, node.input(2), axis, rank)]);
}

function instanceNorm(node: MxnetNode): Output {
  const rank = node.rank(node.input(0));
  const axes = Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 2);
  return normalized(node, axes, 1, node.float("eps", 1e-3));
}

function layerNorm(node: MxnetNode): Output {
  const axis = node.axis(node.int("axis", -1), node.rank(node.input(0)));
  return normalized(node, [axis], axis, node.float("eps", 1e-5));
}

function l2Normalization(node: MxnetNode): Output {
  const rank = node.rank(node.input(0));
  const all = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  const axes = { channel: [1], instance: all, spatial: all.slice(1) }[node.oneOf("mode", ["channel", "instance", "spatial"], "instance")];
  return node.add(NormalizeL2, [node.input(0), node.constant("i64", axes)], { eps: node.float("eps", 1e-10), eps_mode: "add" });
}

/** Softmax over the temperature; over all but the batch, or over channels. */
function softmax(node: MxnetNode, log: boolean): Output {
  const temperature = node.float("temperature", 1);
  const x = temperature === 1 ? node.input(0) : node.add(Divide, [node.input(0), node.constant("f32", temperature)]);
  return node.add(log ? LogSoftmax5 : Softmax8, [x], { axis: node.int("axis", -1) });
}

/** Softmax of what is flattened, or of channels with `multi_output`; the label is left out. */
function softmaxOutput(node: MxnetNode): Output {
  const x = node.input(0);
  if (node.boolean("multi_output", false)) return node.add(Softmax8, [x], { axis: 1 });
  if (node.boolean("preserve_shape", false)) return node.add(Softmax8, [x], { axis: -1 });
  if (x.partialShape.rank === 2) return node.add(Softmax8, [x], { axis: 1 });
  const shape = node.shapeOf(x);
  const flat = node.add(Reshape, [x, node.constant("i64", [0, -1])], { special_zero: true });
  return node.add(Reshape, [node.add(Softmax8, [flat], { axis: 1 }), node.constant("i64", shape)], { special_zero: false });
}

export const normalizationOperators: MxnetMappings = {
  BatchNorm: batchNorm,
  BatchNorm_v1: batchNorm,
  InstanceNorm: instanceNorm,
  L2Normalization: l2Normalization,
  LRN: (node) =>
    node.add(LRN, [node.input(0), node.constant("i64", [1])], {
      alpha: node.float("alpha", 1e-4),
      beta: node.float("beta", 0.75),
      bias: node.float("knorm", 2),
      size: node.int("nsize"),
    }),
  LayerNorm: layerNorm,
  Softmax: softmaxOutput,
  SoftmaxActivation: (node) =>
    node.add(Softmax8, [node.input(0)], { axis: node.oneOf("mode", ["channel", "instance"], "instance") === "channel" ? 1 : -1 }),
  SoftmaxOutput: softmaxOutput,
  log_softmax: (node) => softmax(node, true),
  softmax: (node) => softmax(node, false),
};
