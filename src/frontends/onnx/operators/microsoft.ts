import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Clamp } from "../../../ops/elementwise/clamp.ts";
import { Gelu7 } from "../../../ops/elementwise/gelu.ts";
import { HardSigmoid } from "../../../ops/elementwise/hard-sigmoid.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { PRelu } from "../../../ops/elementwise/p-relu.ts";
import { Relu } from "../../../ops/elementwise/relu.ts";
import { Sigmoid } from "../../../ops/elementwise/sigmoid.ts";
import { Swish4 } from "../../../ops/elementwise/swish.ts";
import { Tanh } from "../../../ops/elementwise/tanh.ts";
import { MatMul } from "../../../ops/nn/mat-mul.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { type Mapping, onnxOperator, type Operator } from "../operator.ts";
import { convolution } from "./convolution.ts";

const domain = "com.microsoft";
const microsoft = (type: string, mapping: Mapping): Operator => onnxOperator(type, mapping, domain);

/** The function that ONNX Runtime's optimizer fused into a convolution, with its parameters in order. */
function activation(node: OnnxNode, x: Output): Output {
  const [a, b] = node.floats("activation_params") ?? [];
  const constant = (n: number, shape?: readonly number[]): Output => node.constant(x.elementType, n, shape);
  switch (node.oneOf("activation", ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "HardSigmoid"], "Relu")) {
    case "Relu":
      return node.add(Relu, [x]);
    case "Sigmoid":
      return node.add(Sigmoid, [x]);
    case "Tanh":
      return node.add(Tanh, [x]);
    case "LeakyRelu":
      return node.add(PRelu, [x, constant(a ?? 0.01, [1])]);
    case "Clip":
      return node.add(Clamp, [x], { min: a ?? node.fail("Clip needs two parameters"), max: b ?? node.fail("Clip needs two parameters") });
    case "HardSigmoid":
      return node.add(HardSigmoid, [x, constant(a ?? 0.2), constant(b ?? 0.5)]);
  }
}

/** Convolution, then input 3 added, then an activation. */
function fusedConvolution(node: OnnxNode): Output {
  const result = convolution(node);
  const sum = node.inputs[3] === undefined ? result : node.add(Add, [result, node.inputs[3]]);
  return node.has("activation") ? activation(node, sum) : sum;
}

function gelu(node: OnnxNode, approximation_mode: "ERF" | "TANH"): Output {
  const [x, bias] = [node.input(0), node.inputs[1]];
  return node.add(Gelu7, [bias === undefined ? x : node.add(Add, [x, bias])], { approximation_mode });
}

function fusedMatMul(node: OnnxNode): Output {
  if (node.int("transBatchA", 0) !== 0 || node.int("transBatchB", 0) !== 0) node.unsupported("transposed batches are not supported");
  const product = node.add(MatMul, [node.input(0), node.input(1)], {
    transpose_a: node.int("transA", 0) !== 0,
    transpose_b: node.int("transB", 0) !== 0,
  });
  const alpha = node.float("alpha", 1);
  return alpha === 1 ? product : node.add(Multiply, [product, node.constant(product.elementType, alpha)]);
}

/** Operators that ONNX Runtime's graph optimizer writes. */
export const microsoftOperators: readonly Operator[] = [
  microsoft("BiasGelu", (node) => gelu(node, "ERF")),
  microsoft("FastGelu", (node) => gelu(node, "TANH")),
  microsoft("FusedConv", fusedConvolution),
  microsoft("FusedMatMul", fusedMatMul),
  microsoft("Gelu", (node) => gelu(node, "ERF")),
  microsoft("QuickGelu", (node) => {
    const x = node.input(0);
    return node.add(Swish4, [x, node.constant(x.elementType, node.float("alpha", 1.702))]);
  }),
];
