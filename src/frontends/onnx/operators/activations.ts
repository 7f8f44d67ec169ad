import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Elu } from "../../../ops/elementwise/elu.ts";
import { Exp } from "../../../ops/elementwise/exp.ts";
import { Gelu7 } from "../../../ops/elementwise/gelu.ts";
import { Greater } from "../../../ops/elementwise/greater.ts";
import { HSwish4 } from "../../../ops/elementwise/h-swish.ts";
import { HardSigmoid } from "../../../ops/elementwise/hard-sigmoid.ts";
import { Less } from "../../../ops/elementwise/less.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Minimum } from "../../../ops/elementwise/minimum.ts";
import { Mish4 } from "../../../ops/elementwise/mish.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { PRelu } from "../../../ops/elementwise/p-relu.ts";
import { Relu } from "../../../ops/elementwise/relu.ts";
import { Selu } from "../../../ops/elementwise/selu.ts";
import { Sigmoid } from "../../../ops/elementwise/sigmoid.ts";
import { SoftPlus4 } from "../../../ops/elementwise/soft-plus.ts";
import { SoftSign9 } from "../../../ops/elementwise/soft-sign.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { Swish4 } from "../../../ops/elementwise/swish.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

const same = (type: string, op: OperationDefinition): Operator => onnxOperator(type, (node) => node.add(op, [node.input(0)]));

/** max(x, 0) + min(alpha (e^(x / alpha) - 1), 0). */
function celu(node: OnnxNode): Output {
  const x = node.input(0);
  const alpha = node.constant(x.elementType, node.float("alpha", 1));
  const zero = node.constant(x.elementType, 0);
  const below = node.add(Subtract, [node.add(Exp, [node.add(Divide, [x, alpha])]), node.constant(x.elementType, 1)]);
  return node.add(Add, [node.add(Maximum, [x, zero]), node.add(Minimum, [node.add(Multiply, [alpha, below]), zero])]);
}

/** x + bias below -lambd, x - bias above lambd, 0 between. */
function shrink(node: OnnxNode): Output {
  const x = node.input(0);
  const type = x.elementType;
  const [lambd, bias] = [node.float("lambd", 0.5), node.constant(type, node.float("bias", 0))];
  const below = node.add(Convert, [node.add(Less, [x, node.constant(type, -lambd)])], { destination_type: type });
  const above = node.add(Convert, [node.add(Greater, [x, node.constant(type, lambd)])], { destination_type: type });
  return node.add(Add, [node.add(Multiply, [below, node.add(Add, [x, bias])]), node.add(Multiply, [above, node.add(Subtract, [x, bias])])]);
}

/** x where it is above alpha, else 0. */
function thresholdedRelu(node: OnnxNode): Output {
  const x = node.input(0);
  const above = node.add(Greater, [x, node.constant(x.elementType, node.float("alpha", 1))]);
  return node.add(Multiply, [x, node.add(Convert, [above], { destination_type: x.elementType })]);
}

/**
 * OpenVINO's PRelu takes a slope of one dimension for one of channels, as ONNX did before opset 7; since then ONNX broadcasts it as numpy
 * does, to the last dimension.
 */
function preluSlope(node: OnnxNode): Output {
  const [x, slope] = [node.input(0), node.input(1)];
  const [rank, length] = [x.partialShape.rank ?? 0, slope.partialShape.dimensions?.[0]];
  if (node.opset < 7 || slope.partialShape.rank !== 1 || rank < 3 || length === 1) return slope;
  const shape = node.constant("i64", [...new Array<number>(rank - 1).fill(1), -1]);
  return node.add(Reshape, [slope, shape], { special_zero: false });
}

export const activationOperators: readonly Operator[] = [
  same("HardSwish", HSwish4),
  same("Mish", Mish4),
  same("Relu", Relu),
  same("Sigmoid", Sigmoid),
  same("Softplus", SoftPlus4),
  same("Softsign", SoftSign9),
  onnxOperator("Celu", celu),
  onnxOperator("Elu", (node) => node.add(Elu, [node.input(0)], { alpha: node.float("alpha", 1) })),
  onnxOperator("Gelu", (node) =>
    node.add(Gelu7, [node.input(0)], {
      approximation_mode: node.oneOf("approximate", ["none", "tanh"], "none") === "tanh" ? "TANH" : "ERF",
    }),
  ),
  onnxOperator("HardSigmoid", (node) => {
    const x = node.input(0);
    return node.add(HardSigmoid, [
      x,
      node.constant(x.elementType, node.float("alpha", 0.2)),
      node.constant(x.elementType, node.float("beta", 0.5)),
    ]);
  }),
  onnxOperator("LeakyRelu", (node) => {
    const x = node.input(0);
    return node.add(PRelu, [x, node.constant(x.elementType, node.float("alpha", 0.01), [1])]);
  }),
  onnxOperator("PRelu", (node) => node.add(PRelu, [node.input(0), preluSlope(node)])),
  onnxOperator("Selu", (node) => {
    const x = node.input(0);
    const [alpha, gamma] = node.opset < 6 ? [1.6732, 1.0507] : [1.67326319217681884765625, 1.05070102214813232421875];
    return node.add(Selu, [
      x,
      node.constant(x.elementType, node.float("alpha", alpha)),
      node.constant(x.elementType, node.float("gamma", gamma)),
    ]);
  }),
  onnxOperator("Shrink", shrink),
  onnxOperator("Swish", (node) => {
    const x = node.input(0);
    return node.add(Swish4, [x, node.constant(x.elementType, node.float("alpha", 1))]);
  }),
  onnxOperator("ThresholdedRelu", thresholdedRelu),
];
