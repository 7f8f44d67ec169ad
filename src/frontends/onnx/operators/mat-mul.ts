import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { MatMul } from "../../../ops/nn/mat-mul.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** alpha A B + beta C. */
function gemm(node: OnnxNode): Output {
  const [a, b, c] = [node.input(0), node.input(1), node.inputs[2]];
  const scaled = (x: Output, factor: number): Output => (factor === 1 ? x : node.add(Multiply, [x, node.constant(x.elementType, factor)]));
  const product = node.add(MatMul, [a, b], { transpose_a: node.int("transA", 0) !== 0, transpose_b: node.int("transB", 0) !== 0 });
  if (c !== undefined) product.node.friendlyName = `${node.name}/WithoutBiases`;
  const left = scaled(product, node.float("alpha", 1));
  const beta = node.float("beta", 1);
  return c === undefined || beta === 0 ? left : node.add(Add, [left, scaled(c, beta)]);
}

export const matMulOperators: readonly Operator[] = [
  onnxOperator("MatMul", (node) => node.add(MatMul, [node.input(0), node.input(1)])),
  onnxOperator("Gemm", gemm),
];
