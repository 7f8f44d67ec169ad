import { describe, it } from "vitest";
import { checkRewrite, type Graph } from "../../../test/support/check-rewrite.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { Abs } from "../../ops/elementwise/abs.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Clamp } from "../../ops/elementwise/clamp.ts";
import { Divide } from "../../ops/elementwise/divide.ts";
import { Erf } from "../../ops/elementwise/erf.ts";
import { Exp } from "../../ops/elementwise/exp.ts";
import { HardSigmoid } from "../../ops/elementwise/hard-sigmoid.ts";
import { Log } from "../../ops/elementwise/log.ts";
import { Maximum } from "../../ops/elementwise/maximum.ts";
import { Minimum } from "../../ops/elementwise/minimum.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Negative } from "../../ops/elementwise/negative.ts";
import { Power } from "../../ops/elementwise/power.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { Sigmoid } from "../../ops/elementwise/sigmoid.ts";
import { Sqrt } from "../../ops/elementwise/sqrt.ts";
import { Subtract } from "../../ops/elementwise/subtract.ts";
import { Tanh } from "../../ops/elementwise/tanh.ts";
import { Transpose } from "../../ops/movement/transpose.ts";
import { Softmax8 } from "../../ops/normalization/softmax.ts";
import { ReduceL24 } from "../../ops/reduction/reduce-l2.ts";
import { ReduceMax } from "../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../ops/reduction/reduce-mean.ts";
import { ReduceSum } from "../../ops/reduction/reduce-sum.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import type { Rewrite } from "../rewrite.ts";
import { recognizeClamp } from "./clamp.ts";
import { recognizeDepthToSpace } from "./depth-to-space.ts";
import { recognizeGelu } from "./gelu.ts";
import { recognizeHSigmoid } from "./hsigmoid.ts";
import { recognizeHSwish } from "./hswish.ts";
import { recognizeLayerNorm } from "./layer-norm.ts";
import { recognizeMish } from "./mish.ts";
import { recognizeNormalizeL2 } from "./normalize-l2.ts";
import { recognizePRelu } from "./prelu.ts";
import { recognizeShuffleChannels } from "./shuffle-channels.ts";
import { recognizeSoftmax } from "./softmax.ts";
import { recognizeSoftPlus } from "./softplus.ts";
import { recognizeSwish } from "./swish.ts";
import { unflattenedSoftmax } from "./unflattened-softmax.ts";

type Case = readonly [name: string, shape: string, body: (g: Graph, x: Output) => Output, expected: Readonly<Record<string, number>>];

function check(rewrites: readonly Rewrite[], cases: readonly Case[]): void {
  it.each(cases)("%s", (_, shape, body, expected) => {
    checkRewrite({ rewrites, build: (g) => body(g, g.input(shape)), expected });
  });
}

const mul = (g: Graph, a: Output, b: Output | number): Output => g.apply(Multiply, [a, typeof b === "number" ? g.floats(b) : b]);
const add = (g: Graph, a: Output, b: Output | number): Output => g.apply(Add, [a, typeof b === "number" ? g.floats(b) : b]);
const div = (g: Graph, a: Output, b: Output | number): Output => g.apply(Divide, [a, typeof b === "number" ? g.floats(b) : b]);
const pow = (g: Graph, a: Output, b: number): Output => g.apply(Power, [a, g.floats(b)]);
const relu6 = (g: Graph, x: Output): Output => g.apply(Clamp, [x], { min: 0, max: 6 });
const reduce = (g: Graph, op: OperationDefinition, x: Output, axes: readonly number[] = [-1]): Output =>
  g.apply(op, [x, g.ints(axes)], { keep_dims: true });
const reshape = (g: Graph, x: Output, shape: readonly number[]): Output => g.apply(Reshape, [x, g.ints(shape)], { special_zero: true });
const transpose = (g: Graph, x: Output, order: readonly number[]): Output => g.apply(Transpose, [x, g.ints(order)]);

describe("clamp", () =>
  check(
    [recognizeClamp],
    [
      ["min of max", "[2,9]", (g, x) => g.apply(Minimum, [g.apply(Maximum, [x, g.floats(-0.5)]), g.floats([1])]), { Clamp: 1 }],
      ["max of min", "[2,9]", (g, x) => g.apply(Maximum, [g.floats(-0.5), g.apply(Minimum, [g.floats([1]), x])]), { Clamp: 1 }],
      ["max with 0 is Relu", "[2,9]", (g, x) => g.apply(Maximum, [x, g.floats(0)]), { Relu: 1 }],
      ["min of Relu", "[2,9]", (g, x) => g.apply(Minimum, [g.apply(Relu, [x]), g.floats(1)]), { Clamp: 1 }],
      [
        "limits that cross stay",
        "[2,9]",
        (g, x) => g.apply(Minimum, [g.apply(Maximum, [x, g.floats(1)]), g.floats(0)]),
        { Maximum: 1, Minimum: 1 },
      ],
      [
        "limits that vary stay",
        "[2,3]",
        (g, x) => g.apply(Minimum, [g.apply(Maximum, [x, g.floats([0, 1, 2])]), g.floats(3)]),
        { Maximum: 1, Minimum: 1 },
      ],
    ],
  ));

describe("hard sigmoid and hard swish", () => {
  const gate = (g: Graph, x: Output): Output => relu6(g, add(g, x, 3));
  check(
    [recognizeClamp, recognizeHSigmoid, recognizeHSwish],
    [
      ["clamp(x+3)/6", "[2,9]", (g, x) => div(g, gate(g, x), 6), { HSigmoid: 1 }],
      ["clamp(x+3)*(1/6)", "[2,9]", (g, x) => mul(g, gate(g, x), 1 / 6), { HSigmoid: 1 }],
      ["clamp(x/6+0.5)", "[2,9]", (g, x) => g.apply(Clamp, [add(g, div(g, x, 6), 0.5)], { min: 0, max: 1 }), { HSigmoid: 1 }],
      ["HardSigmoid(1/6, 0.5)", "[2,9]", (g, x) => g.apply(HardSigmoid, [x, g.floats(1 / 6), g.floats(0.5)]), { HSigmoid: 1 }],
      ["HardSigmoid(0.2, 0.5) stays", "[2,9]", (g, x) => g.apply(HardSigmoid, [x, g.floats(0.2), g.floats(0.5)]), { HardSigmoid: 1 }],
      ["x*clamp(x+3)/6", "[2,9]", (g, x) => div(g, mul(g, x, gate(g, x)), 6), { HSwish: 1 }],
      ["clamp(x+3)*x*(1/6)", "[2,9]", (g, x) => mul(g, mul(g, gate(g, x), x), 1 / 6), { HSwish: 1 }],
      ["x*(clamp(x+3)/6)", "[2,9]", (g, x) => mul(g, x, div(g, gate(g, x), 6)), { HSwish: 1 }],
      ["(x/6)*clamp(x+3)", "[2,9]", (g, x) => mul(g, div(g, x, 6), gate(g, x)), { HSwish: 1 }],
      ["x*HardSigmoid(x)", "[2,9]", (g, x) => mul(g, x, g.apply(HardSigmoid, [x, g.floats(1 / 6), g.floats(0.5)])), { HSwish: 1 }],
      [
        "with the clamp as min and max",
        "[2,9]",
        (g, x) => div(g, mul(g, x, g.apply(Minimum, [g.apply(Maximum, [add(g, x, 3), g.floats(0)]), g.floats(6)])), 6),
        { HSwish: 1 },
      ],
      ["another divisor stays", "[2,9]", (g, x) => div(g, mul(g, x, gate(g, x)), 5), { Add: 1, Clamp: 1, Multiply: 1, Divide: 1 }],
      [
        "another offset stays",
        "[2,9]",
        (g, x) => div(g, mul(g, x, relu6(g, add(g, x, 2))), 6),
        { Add: 1, Clamp: 1, Multiply: 1, Divide: 1 },
      ],
    ],
  );
});

describe("swish, softplus, mish", () =>
  check(
    [recognizeSoftPlus, recognizeMish, recognizeSwish],
    [
      ["x*sigmoid(x)", "[2,9]", (g, x) => mul(g, g.apply(Sigmoid, [x]), x), { Swish: 1 }],
      ["x*sigmoid(1.7*x)", "[2,9]", (g, x) => mul(g, x, g.apply(Sigmoid, [mul(g, x, 1.7)])), { Swish: 1 }],
      ["x*sigmoid(y) stays", "[2,9]", (g, x) => mul(g, x, g.apply(Sigmoid, [g.apply(Tanh, [x])])), { Sigmoid: 1, Tanh: 1, Multiply: 1 }],
      ["log(exp(x)+1)", "[2,9]", (g, x) => g.apply(Log, [add(g, g.apply(Exp, [x]), 1)]), { SoftPlus: 1 }],
      ["log(exp(x)+2) stays", "[2,9]", (g, x) => g.apply(Log, [add(g, g.apply(Exp, [x]), 2)]), { Exp: 1, Add: 1, Log: 1 }],
      ["x*tanh(log(exp(x)+1))", "[2,9]", (g, x) => mul(g, x, g.apply(Tanh, [g.apply(Log, [add(g, g.apply(Exp, [x]), 1)])])), { Mish: 1 }],
    ],
  ));

describe("gelu", () => {
  const erf = (g: Graph, x: Output): Output => add(g, g.apply(Erf, [div(g, x, Math.SQRT2)]), 1);
  const root = Math.sqrt(2 / Math.PI);
  const tanh = (g: Graph, inner: Output): Output => add(g, g.apply(Tanh, [inner]), 1);
  check(
    [recognizeGelu],
    [
      ["(x*0.5)*(1+erf)", "[2,9]", (g, x) => mul(g, mul(g, x, 0.5), erf(g, x)), { Gelu: 1 }],
      ["(x*(1+erf))*0.5", "[2,9]", (g, x) => mul(g, mul(g, x, erf(g, x)), 0.5), { Gelu: 1 }],
      ["x*(0.5*(1+erf))", "[2,9]", (g, x) => mul(g, x, mul(g, erf(g, x), 0.5)), { Gelu: 1 }],
      ["x*(1+erf(x*0.7071))/2", "[2,9]", (g, x) => div(g, mul(g, x, add(g, g.apply(Erf, [mul(g, x, Math.SQRT1_2)]), 1)), 2), { Gelu: 1 }],
      [
        "tanh form with Power",
        "[2,9]",
        (g, x) => mul(g, mul(g, x, 0.5), tanh(g, mul(g, add(g, x, mul(g, pow(g, x, 3), 0.044715)), root))),
        { Gelu: 1 },
      ],
      [
        "tanh form with products",
        "[2,9]",
        (g, x) => mul(g, mul(g, x, 0.5), tanh(g, mul(g, mul(g, x, root), add(g, mul(g, mul(g, x, x), 0.044715), 1)))),
        { Gelu: 1 },
      ],
      ["without the half stays", "[2,9]", (g, x) => mul(g, x, erf(g, x)), { Divide: 1, Erf: 1, Add: 1, Multiply: 1 }],
      [
        "erf of something else stays",
        "[2,9]",
        (g, x) => mul(g, mul(g, x, 0.5), erf(g, g.apply(Abs, [x]))),
        { Abs: 1, Divide: 1, Erf: 1, Add: 1, Multiply: 2 },
      ],
    ],
  );
});

describe("layer norm", () => {
  const centre = (g: Graph, x: Output, axes?: readonly number[]): Output => g.apply(Subtract, [x, reduce(g, ReduceMean, x, axes)]);
  check(
    [recognizeLayerNorm],
    [
      [
        "d / sqrt(mean(d^2) + eps)",
        "[2,3,8]",
        (g, x) => {
          const d = centre(g, x);
          return add(g, mul(g, div(g, d, g.apply(Sqrt, [add(g, reduce(g, ReduceMean, pow(g, d, 2)), 1e-5)])), g.weights(8)), g.weights(8));
        },
        { MVN: 1, Multiply: 1, Add: 1 },
      ],
      [
        "with two centred copies and d*d",
        "[2,3,8]",
        (g, x) => {
          const square = centre(g, x);
          return div(g, centre(g, x), g.apply(Sqrt, [add(g, reduce(g, ReduceMean, mul(g, square, square)), 1e-5)]));
        },
        { MVN: 1 },
      ],
      [
        "with the eps outside of the root",
        "[2,3,8]",
        (g, x) => {
          const d = centre(g, x, [1, 2]);
          return div(g, d, add(g, g.apply(Sqrt, [reduce(g, ReduceMean, pow(g, d, 2), [1, 2])]), 1e-3));
        },
        { MVN: 1 },
      ],
      [
        "d * (variance + eps)^-0.5",
        "[2,3,8]",
        (g, x) => {
          const d = centre(g, x);
          return mul(g, d, pow(g, add(g, reduce(g, ReduceMean, pow(g, d, 2)), 1e-5), -0.5));
        },
        { MVN: 1 },
      ],
      [
        "a variance over other axes stays",
        "[2,3,8]",
        (g, x) => {
          const d = centre(g, x);
          return div(g, d, g.apply(Sqrt, [add(g, reduce(g, ReduceMean, pow(g, d, 2), [1]), 1e-5)]));
        },
        { ReduceMean: 2, Subtract: 1, Power: 1, Add: 1, Sqrt: 1, Divide: 1 },
      ],
    ],
  );
});

describe("PRelu", () =>
  check(
    [recognizePRelu],
    [
      ["max(x, 0.1*x)", "[2,3,4]", (g, x) => g.apply(Maximum, [x, mul(g, x, 0.1)]), { PRelu: 1 }],
      ["max(x, 2*x) stays", "[2,3,4]", (g, x) => g.apply(Maximum, [x, mul(g, x, 2)]), { Multiply: 1, Maximum: 1 }],
      [
        "relu(x) + a*relu(-x)",
        "[2,3,4]",
        (g, x) => add(g, g.apply(Relu, [x]), mul(g, g.apply(Relu, [g.apply(Negative, [x])]), g.weights(3, 1))),
        { PRelu: 1 },
      ],
      [
        "relu(x) - a*relu(-x)",
        "[2,3,4]",
        (g, x) => g.apply(Subtract, [g.apply(Relu, [x]), mul(g, g.apply(Relu, [mul(g, x, -1)]), g.weights(1, 3, 1))]),
        { PRelu: 1 },
      ],
      [
        "a slope along another axis stays",
        "[2,3,4]",
        (g, x) => add(g, g.apply(Relu, [x]), mul(g, g.apply(Relu, [g.apply(Negative, [x])]), g.weights(4))),
        { Relu: 2, Negative: 1, Multiply: 1, Add: 1 },
      ],
    ],
  ));

describe("normalize, softmax", () =>
  check(
    [recognizeNormalizeL2, recognizeSoftmax, unflattenedSoftmax],
    [
      [
        "x/sqrt(sum(x^2)+eps)",
        "[2,3,4]",
        (g, x) => div(g, x, g.apply(Sqrt, [add(g, reduce(g, ReduceSum, pow(g, x, 2), [1]), 1e-6)])),
        { NormalizeL2: 1 },
      ],
      [
        "x/max(norm(x), eps)",
        "[2,3,4]",
        (g, x) => div(g, x, g.apply(Maximum, [reduce(g, ReduceL24, x), g.floats(1e-3)])),
        { NormalizeL2: 1 },
      ],
      [
        "another numerator stays",
        "[2,3,4]",
        (g, x) => div(g, g.apply(Tanh, [x]), g.apply(Maximum, [reduce(g, ReduceL24, x), g.floats(1e-3)])),
        { Tanh: 1, ReduceL2: 1, Maximum: 1, Divide: 1 },
      ],
      [
        "exp(x-max)/sum",
        "[2,3,4]",
        (g, x) => {
          const e = g.apply(Exp, [g.apply(Subtract, [x, reduce(g, ReduceMax, x)])]);
          return div(g, e, reduce(g, ReduceSum, e));
        },
        { Softmax: 1 },
      ],
      [
        "Softmax between Reshapes",
        "[2,3,4]",
        (g, x) => reshape(g, g.apply(Softmax8, [reshape(g, x, [-1, 4])], { axis: 1 }), [2, 3, 4]),
        { Softmax: 1 },
      ],
      [
        "Softmax over merged axes stays",
        "[2,3,4]",
        (g, x) => reshape(g, g.apply(Softmax8, [reshape(g, x, [2, 12])], { axis: 1 }), [2, 3, 4]),
        { Softmax: 1, Reshape: 2 },
      ],
    ],
  ));

describe("depth to space, shuffle channels", () =>
  check(
    [recognizeDepthToSpace, recognizeShuffleChannels],
    [
      [
        "blocks first",
        "[1,8,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [1, 2, 2, 2, 2, 3]), [0, 3, 4, 1, 5, 2]), [1, 2, 4, 6]),
        { DepthToSpace: 1 },
      ],
      [
        "depth first",
        "[1,8,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [1, 2, 2, 2, 2, 3]), [0, 1, 4, 2, 5, 3]), [1, 2, 4, 6]),
        { DepthToSpace: 1 },
      ],
      [
        "another order stays",
        "[1,8,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [1, 2, 2, 2, 2, 3]), [0, 3, 1, 4, 5, 2]), [1, 2, 4, 6]),
        { Reshape: 2, Transpose: 1 },
      ],
      [
        "shuffled channels",
        "[2,6,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [2, 3, 2, 2, 3]), [0, 2, 1, 3, 4]), [2, 6, 2, 3]),
        { ShuffleChannels: 1 },
      ],
      [
        "shuffled channels, positions in one",
        "[2,6,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [2, 3, 2, 6]), [0, 2, 1, 3]), [2, 6, 2, 3]),
        { ShuffleChannels: 1 },
      ],
      [
        "shuffled positions stay",
        "[2,6,2,3]",
        (g, x) => reshape(g, transpose(g, reshape(g, x, [2, 3, 2, 6]), [0, 1, 3, 2]), [2, 6, 2, 3]),
        { Reshape: 2, Transpose: 1 },
      ],
    ],
  ));
