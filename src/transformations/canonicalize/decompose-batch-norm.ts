import { node } from "../../model/node.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Divide } from "../../ops/elementwise/divide.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Sqrt } from "../../ops/elementwise/sqrt.ts";
import { Subtract } from "../../ops/elementwise/subtract.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { build, constantOf } from "../evaluate-node.ts";
import { matchConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/**
 * Batch normalization with constant statistics is a scale and an offset for each channel:
 * scale = gamma / sqrt(variance + epsilon), offset = beta - mean * scale.
 */
export const decomposeBatchNorm = rewrite("decompose-batch-norm", ["BatchNormInference"], (norm) => {
  const opset1 = norm.op.since === "opset1";
  const [data, gamma, beta, mean, variance] = opset1
    ? [norm.inputs[2], norm.inputs[0], norm.inputs[1], norm.inputs[3], norm.inputs[4]]
    : norm.inputs;
  const rank = data.partialShape.rank;
  if (rank === undefined || rank < 2 || ![gamma, beta, mean, variance].every(matchConstant)) return undefined;
  const epsilon = constantOf(variance.elementType, norm.attributes["epsilon"] as number);
  const scale = build(Divide, [gamma, build(Sqrt, [build(Add, [variance, epsilon])])]);
  const offset = build(Subtract, [beta, build(Multiply, [mean, scale])]);
  const target = constantOf("i64", [1, -1, ...new Array<number>(rank - 2).fill(1)]);
  const scaled = node(Multiply, [data, build(Reshape, [scale, target], { special_zero: false })]).outputs[0];
  return node(Add, [scaled, build(Reshape, [offset, target], { special_zero: false })]).outputs[0];
});
