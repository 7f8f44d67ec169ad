import { describe, expect, it } from "vitest";
import { checkRewrite, type Graph } from "../../../test/support/check-rewrite.ts";
import type { Node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Divide } from "../../ops/elementwise/divide.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Negative } from "../../ops/elementwise/negative.ts";
import { Power } from "../../ops/elementwise/power.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { Subtract } from "../../ops/elementwise/subtract.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Gather8 } from "../../ops/movement/gather.ts";
import { Pad12 } from "../../ops/movement/pad.ts";
import { Transpose } from "../../ops/movement/transpose.ts";
import { AvgPool1 } from "../../ops/nn/avg-pool.ts";
import { ConvolutionBackpropData } from "../../ops/nn/convolution-backprop-data.ts";
import { Convolution } from "../../ops/nn/convolution.ts";
import { GroupConvolutionBackpropData } from "../../ops/nn/group-convolution-backprop-data.ts";
import { GroupConvolution } from "../../ops/nn/group-convolution.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { BatchNormInference5 } from "../../ops/normalization/batch-norm-inference.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { Squeeze1 } from "../../ops/shape/squeeze.ts";
import { Unsqueeze } from "../../ops/shape/unsqueeze.ts";
import type { Rewrite } from "../rewrite.ts";
import { addBeforeMatMul } from "./add-before-matmul.ts";
import { addBeforeConvolution } from "./add-before-convolution.ts";
import { decomposeBatchNorm } from "../canonicalize/decompose-batch-norm.ts";
import { divideToMultiply } from "../canonicalize/divide-to-multiply.ts";
import { mergeConcats } from "./merge-concats.ts";
import { mergeLinear } from "./merge-linear.ts";
import { mergeReshapes } from "./merge-reshapes.ts";
import { mergeTransposes } from "./merge-transposes.ts";
import { multiplyAfterConvolution } from "./multiply-after-convolution.ts";
import { multiplyAfterMatMul } from "./multiply-after-matmul.ts";
import { multiplyBeforeConvolution } from "./multiply-before-convolution.ts";
import { multiplyBeforeMatMul } from "./multiply-before-matmul.ts";
import { negativeToMultiply } from "../canonicalize/negative-to-multiply.ts";
import { padIntoWindow } from "./pad-into-window.ts";
import { permuteChannels } from "./permute-channels.ts";
import { reshapeBeforePad } from "./reshape-before-pad.ts";
import { simplePower } from "../canonicalize/simple-power.ts";
import { subtractToAdd } from "../canonicalize/subtract-to-add.ts";
import { transposeIntoMatMul } from "./transpose-into-matmul.ts";
import { transposeToReshape } from "../canonicalize/transpose-to-reshape.ts";
import { ungroupedConvolution } from "../canonicalize/ungrouped-convolution.ts";

type Case = readonly [
  name: string,
  shape: string,
  body: (g: Graph, x: Output) => Output | readonly Output[],
  expected: Readonly<Record<string, number>>,
];

function check(rewrites: readonly Rewrite[], cases: readonly Case[]): void {
  it.each(cases)("%s", (_, shape, body, expected) => {
    checkRewrite({ rewrites, build: (g) => body(g, g.input(shape)), expected });
  });
}

const window = (pads: number, spatial = 2): Record<string, readonly number[] | string> => ({
  strides: new Array<number>(spatial).fill(1),
  dilations: new Array<number>(spatial).fill(1),
  pads_begin: new Array<number>(spatial).fill(pads),
  pads_end: new Array<number>(spatial).fill(pads),
  auto_pad: "explicit",
});
const conv = (g: Graph, op: OperationDefinition, x: Output, weights: readonly number[], pads = 1): Output =>
  g.apply(op, [x, g.weights(...weights)], window(pads));
const channels = (g: Graph, count: number): Output => g.weights(1, count, 1, 1);
const reshape = (g: Graph, x: Output, shape: readonly number[]): Output => g.apply(Reshape, [x, g.ints(shape)], { special_zero: true });
const transpose = (g: Graph, x: Output, order: readonly number[]): Output => g.apply(Transpose, [x, g.ints(order)]);
const unsqueeze = (g: Graph, x: Output, axes: readonly number[]): Output => g.apply(Unsqueeze, [x, g.ints(axes)]);
const squeeze = (g: Graph, x: Output, axes: readonly number[]): Output => g.apply(Squeeze1, [x, g.ints(axes)]);
const pad = (g: Graph, x: Output, begin: readonly number[], end: readonly number[], value = 0): Output =>
  g.apply(Pad12, [x, g.ints(begin), g.ints(end), g.floats(value)], { pad_mode: "constant" });

describe("linear arithmetic", () =>
  check(
    [divideToMultiply, subtractToAdd, negativeToMultiply, simplePower, mergeLinear],
    [
      ["negation", "[2,3]", (g, x) => g.apply(Negative, [x]), { Multiply: 1 }],
      ["square", "[2,3]", (g, x) => g.apply(Power, [x, g.floats([2])]), { Multiply: 1 }],
      ["square root", "[2,3]", (g, x) => g.apply(Power, [g.apply(Relu, [x]), g.floats(0.5)]), { Relu: 1, Sqrt: 1 }],
      ["another power stays", "[2,3]", (g, x) => g.apply(Power, [x, g.floats(3)]), { Power: 1 }],
      ["division by constants", "[2,3]", (g, x) => g.apply(Divide, [x, g.floats([2, 4, 8])]), { Multiply: 1 }],
      ["division by 0 stays", "[2,3]", (g, x) => g.apply(Divide, [x, g.floats([2, 0, 8])]), { Divide: 1 }],
      ["division of a constant stays", "[2,3]", (g, x) => g.apply(Divide, [g.floats(1), x]), { Divide: 1 }],
      ["subtraction of constants", "[2,3]", (g, x) => g.apply(Subtract, [x, g.floats([2, 4, 8])]), { Add: 1 }],
      ["chained additions", "[2,3]", (g, x) => g.apply(Add, [g.apply(Add, [x, g.floats(2)]), g.floats([1, 2, 3])]), { Add: 1 }],
      [
        "chained multiplications",
        "[2,3]",
        (g, x) => g.apply(Multiply, [g.floats(3), g.apply(Multiply, [x, g.floats(2)])]),
        { Multiply: 1 },
      ],
      ["a row and a column stay", "[2,3]", (g, x) => g.apply(Add, [g.apply(Add, [x, g.weights(2, 1)]), g.weights(3)]), { Add: 2 }],
      [
        "multiply, add, multiply",
        "[2,3]",
        (g, x) => g.apply(Multiply, [g.apply(Add, [g.apply(Multiply, [x, g.floats(2)]), g.floats(3)]), g.floats(4)]),
        { Multiply: 1, Add: 1 },
      ],
      [
        "a sum that is read twice stays",
        "[3]",
        (g, x) => {
          const sum = g.apply(Add, [x, g.floats(2)]);
          return [g.apply(Add, [sum, g.floats(2)]), g.apply(Relu, [sum])];
        },
        { Add: 2, Relu: 1 },
      ],
    ],
  ));

describe("batch normalization", () =>
  check(
    [decomposeBatchNorm],
    [
      [
        "scale and offset",
        "[2,3,2,2]",
        (g, x) => g.apply(BatchNormInference5, [x, g.weights(3), g.weights(3), g.weights(3), g.floats([0.5, 1, 2])], { epsilon: 1e-3 }),
        { Multiply: 1, Add: 1 },
      ],
      [
        "statistics that are computed stay",
        "[3]",
        (g, x) =>
          g.apply(BatchNormInference5, [g.weights(1, 3, 2), g.weights(3), g.weights(3), x, g.floats([0.5, 1, 2])], { epsilon: 1e-3 }),
        { BatchNormInference: 1 },
      ],
    ],
  ));

describe("arithmetic into weights", () =>
  check(
    [
      mergeLinear,
      multiplyAfterConvolution,
      multiplyBeforeConvolution,
      addBeforeConvolution,
      multiplyAfterMatMul,
      multiplyBeforeMatMul,
      addBeforeMatMul,
    ],
    [
      [
        "scale after a convolution",
        "[1,3,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, Convolution, x, [4, 3, 3, 3]), channels(g, 4)]),
        { Convolution: 1 },
      ],
      [
        "scale after a convolution with bias",
        "[1,3,4,5]",
        (g, x) => g.apply(Multiply, [g.apply(Add, [conv(g, Convolution, x, [4, 3, 3, 3]), channels(g, 4)]), channels(g, 4)]),
        { Convolution: 1, Add: 1 },
      ],
      [
        "scale after a grouped convolution",
        "[1,4,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, GroupConvolution, x, [2, 3, 2, 3, 3]), channels(g, 6)]),
        { GroupConvolution: 1 },
      ],
      [
        "scale after a transposed convolution",
        "[1,3,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, ConvolutionBackpropData, x, [3, 4, 3, 3]), channels(g, 4)]),
        { ConvolutionBackpropData: 1 },
      ],
      [
        "scale after a grouped transposed convolution",
        "[1,4,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, GroupConvolutionBackpropData, x, [2, 2, 3, 3, 3]), channels(g, 6)]),
        { GroupConvolutionBackpropData: 1 },
      ],
      [
        "a number after a convolution",
        "[1,3,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, Convolution, x, [4, 3, 3, 3]), g.floats(0.5)]),
        { Convolution: 1 },
      ],
      [
        "scale along the width stays",
        "[1,3,4,5]",
        (g, x) => g.apply(Multiply, [conv(g, Convolution, x, [4, 3, 3, 3]), g.weights(5)]),
        { Convolution: 1, Multiply: 1 },
      ],
      [
        "scale of a convolution that is read twice stays",
        "[1,3,4,5]",
        (g, x) => {
          const y = conv(g, Convolution, x, [4, 3, 3, 3]);
          return [g.apply(Multiply, [y, channels(g, 4)]), g.apply(Relu, [y])];
        },
        { Convolution: 1, Multiply: 1, Relu: 1 },
      ],
      [
        "scale before a padded convolution",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, g.apply(Multiply, [x, channels(g, 3)]), [4, 3, 3, 3]),
        { Convolution: 1 },
      ],
      [
        "scale before a grouped convolution",
        "[1,4,4,5]",
        (g, x) => conv(g, GroupConvolution, g.apply(Multiply, [x, channels(g, 4)]), [2, 3, 2, 3, 3]),
        { GroupConvolution: 1 },
      ],
      [
        "scale before a transposed convolution",
        "[1,3,4,5]",
        (g, x) => conv(g, ConvolutionBackpropData, g.apply(Multiply, [x, channels(g, 3)]), [3, 4, 3, 3]),
        { ConvolutionBackpropData: 1 },
      ],
      [
        "offset before a convolution without padding",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, g.apply(Add, [x, channels(g, 3)]), [4, 3, 3, 3], 0),
        { Convolution: 1, Add: 1 },
      ],
      [
        "scale and offset before a grouped convolution without padding",
        "[1,4,4,5]",
        (g, x) => conv(g, GroupConvolution, g.apply(Add, [g.apply(Multiply, [x, channels(g, 4)]), channels(g, 4)]), [2, 3, 2, 3, 3], 0),
        { GroupConvolution: 1, Add: 1 },
      ],
      [
        "offset before a padded convolution stays before",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, g.apply(Add, [x, channels(g, 3)]), [4, 3, 3, 3]),
        { Convolution: 1, Add: 1 },
      ],
      ["scale after a MatMul", "[2,3]", (g, x) => g.apply(Multiply, [g.apply(MatMul, [x, g.weights(3, 4)]), g.weights(4)]), { MatMul: 1 }],
      [
        "scale after a MatMul with transposed weights",
        "[2,2,3]",
        (g, x) => g.apply(Multiply, [g.apply(MatMul, [x, g.weights(4, 3)], { transpose_b: true }), g.weights(1, 1, 4)]),
        { MatMul: 1 },
      ],
      ["scale before a MatMul", "[2,3]", (g, x) => g.apply(MatMul, [g.apply(Multiply, [x, g.weights(3)]), g.weights(3, 4)]), { MatMul: 1 }],
      [
        "scale and offset before a MatMul with transposed weights",
        "[2,2,3]",
        (g, x) =>
          g.apply(MatMul, [g.apply(Add, [g.apply(Multiply, [x, g.weights(3)]), g.weights(1, 1, 3)]), g.weights(4, 3)], {
            transpose_b: true,
          }),
        { MatMul: 1, Add: 1 },
      ],
      [
        "scale of rows before a MatMul stays",
        "[2,3]",
        (g, x) => g.apply(MatMul, [g.apply(Multiply, [x, g.weights(2, 1)]), g.weights(3, 4)]),
        { MatMul: 1, Multiply: 1 },
      ],
      [
        "scale of a MatMul's rows stays",
        "[2,3]",
        (g, x) => g.apply(Multiply, [g.apply(MatMul, [x, g.weights(3, 4)]), g.weights(2, 1)]),
        { MatMul: 1, Multiply: 1 },
      ],
    ],
  ));

it("does not move an offset through a padded convolution", () => {
  const build = (g: Graph): Output => conv(g, Convolution, g.apply(Add, [g.input("[1,3,4,5]"), channels(g, 3)]), [4, 3, 3, 3]);
  const model = checkRewrite({ rewrites: [addBeforeConvolution], build, expected: { Convolution: 1, Add: 1 } });
  expect(model.results[0].inputs[0].node.type).toBe("Convolution");
});

describe("a reversal of channels", () =>
  check(permuteChannels, [
    [
      "goes through arithmetic into the weights",
      "[1,3,4,5]",
      (g, x) => {
        const reversed = g.apply(Gather8, [x, g.ints([2, 0, 1]), g.ints(1)]);
        return conv(g, Convolution, g.apply(Subtract, [reversed, channels(g, 3)]), [4, 3, 3, 3]);
      },
      { Convolution: 1, Subtract: 1 },
    ],
    [
      "that drops a channel stays",
      "[1,3,4,5]",
      (g, x) => conv(g, Convolution, g.apply(Gather8, [x, g.ints([2, 0, 0]), g.ints(1)]), [4, 3, 3, 3]),
      { Convolution: 1, Gather: 1 },
    ],
  ]));

describe("movement", () =>
  check(
    [mergeConcats, mergeTransposes, mergeReshapes, transposeIntoMatMul, ungroupedConvolution],
    [
      [
        "Concat of Concats",
        "[2,3]",
        (g, x) => g.apply(Concat, [g.apply(Concat, [x, g.weights(2, 1)], { axis: 1 }), x], { axis: -1 }),
        { Concat: 1 },
      ],
      [
        "Concat of a Concat along another axis stays",
        "[2,3]",
        (g, x) => g.apply(Concat, [g.apply(Concat, [x, x], { axis: 0 }), g.weights(4, 1)], { axis: 1 }),
        { Concat: 2 },
      ],
      ["Transposes that cancel", "[2,3,4]", (g, x) => g.apply(Relu, [transpose(g, transpose(g, x, [1, 2, 0]), [2, 0, 1])]), { Relu: 1 }],
      ["Transposes in a row", "[2,3,4]", (g, x) => transpose(g, transpose(g, x, [1, 2, 0]), [1, 2, 0]), { Transpose: 1 }],
      ["Reshapes in a row", "[2,3,4]", (g, x) => reshape(g, reshape(g, x, [6, 4]), [-1, 2]), { Reshape: 1 }],
      ["Reshapes with 0 in a row", "[2,3,4]", (g, x) => reshape(g, reshape(g, x, [0, 12]), [0, 4, 3]), { Reshape: 1 }],
      ["Reshapes that cancel", "[2,3,4]", (g, x) => g.apply(Relu, [reshape(g, reshape(g, x, [0, 12]), [2, 3, 4])]), { Relu: 1 }],
      ["Unsqueeze after Reshape", "[2,3,4]", (g, x) => unsqueeze(g, reshape(g, x, [-1, 4]), [1]), { Reshape: 1 }],
      [
        "Reshape after Squeeze and Unsqueeze",
        "[2,1,4]",
        (g, x) => reshape(g, unsqueeze(g, squeeze(g, x, [1]), [0]), [4, 2]),
        { Reshape: 1 },
      ],
      [
        "a 0 that would refer to another axis stays",
        "[2,3,4]",
        (g, x) => unsqueeze(g, reshape(g, x, [0, -1]), [0]),
        { Reshape: 1, Unsqueeze: 1 },
      ],
      ["Transpose before MatMul", "[3,2]", (g, x) => g.apply(MatMul, [transpose(g, x, [1, 0]), g.weights(3, 4)]), { MatMul: 1 }],
      [
        "Transpose before MatMul that transposes",
        "[2,4,3]",
        (g, x) => g.apply(MatMul, [g.weights(5, 4), transpose(g, x, [0, 2, 1])], { transpose_b: true }),
        { MatMul: 1 },
      ],
      [
        "Transpose of other axes before MatMul stays",
        "[2,4,3]",
        (g, x) => g.apply(MatMul, [transpose(g, x, [1, 0, 2]), g.weights(3, 4)]),
        { MatMul: 1, Transpose: 1 },
      ],
      ["one group", "[1,3,4,5]", (g, x) => conv(g, GroupConvolution, x, [1, 4, 3, 3, 3]), { Convolution: 1 }],
      ["two groups", "[1,4,4,5]", (g, x) => conv(g, GroupConvolution, x, [2, 4, 2, 3, 3]), { GroupConvolution: 1 }],
    ],
  ));

describe("transpose to reshape", () =>
  check(
    [transposeToReshape],
    [
      ["axes of length 1 move", "[1,1,4,5]", (g, x) => transpose(g, x, [0, 2, 3, 1]), { Reshape: 1 }],
      ["other axes stay", "[1,2,4,5]", (g, x) => transpose(g, x, [0, 2, 3, 1]), { Transpose: 1 }],
      ["an axis of length 0", "[1,0,4]", (g, x) => transpose(g, x, [1, 0, 2]), { Reshape: 1 }],
    ],
  ));

describe("pad", () => {
  const pool = (g: Graph, x: Output, exclude: boolean): Output => {
    const { dilations: _, ...pooling } = window(0);
    return g.apply(AvgPool1, [x], { ...pooling, kernel: [2, 2], "exclude-pad": exclude, rounding_type: "floor" });
  };
  check(
    [reshapeBeforePad, padIntoWindow],
    [
      [
        "into a convolution",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, pad(g, x, [0, 0, 1, 0], [0, 0, 2, 1]), [4, 3, 3, 3]),
        { Convolution: 1 },
      ],
      [
        "into two convolutions",
        "[1,3,4,5]",
        (g, x) => {
          const padded = pad(g, x, [0, 0, 1, 0], [0, 0, 2, 1]);
          return g.apply(Concat, [conv(g, Convolution, padded, [4, 3, 3, 3]), conv(g, Convolution, padded, [4, 3, 3, 3])], { axis: 1 });
        },
        { Convolution: 2, Concat: 1 },
      ],
      ["into an average pooling", "[1,3,4,5]", (g, x) => pool(g, pad(g, x, [0, 0, 1, 0], [0, 0, 2, 1]), true), { AvgPool: 1 }],
      [
        "of channels stays",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, pad(g, x, [0, 0, 0, 0], [0, 1, 0, 0]), [4, 4, 3, 3]),
        { Pad: 1, Convolution: 1 },
      ],
      [
        "with ones stays",
        "[1,3,4,5]",
        (g, x) => conv(g, Convolution, pad(g, x, [0, 0, 0, 0], [0, 0, 1, 0], 1), [4, 3, 3, 3]),
        { Pad: 1, Convolution: 1 },
      ],
      [
        "of a signal that is then made an image",
        "[2,1,9]",
        (g, x) => conv(g, Convolution, reshape(g, pad(g, x, [0, 0, 1], [0, 0, 2]), [-1, 1, 1, 12]), [4, 1, 1, 3], 0),
        { Reshape: 1, Convolution: 1 },
      ],
      [
        "of a signal that is then folded stays",
        "[2,1,9]",
        (g, x) => conv(g, Convolution, reshape(g, pad(g, x, [0, 0, 1], [0, 0, 2]), [-1, 1, 3, 4]), [4, 1, 1, 3], 0),
        { Pad: 1, Reshape: 1, Convolution: 1 },
      ],
    ],
  );
});

it("names the replacement and its inner nodes after what they replace", () => {
  const build = (g: Graph): Output => {
    const norm = g.apply(BatchNormInference5, [g.input("[1,3,2]"), g.weights(3), g.weights(3), g.weights(3), g.floats([1, 1, 1])], {
      epsilon: 1e-3,
    });
    norm.node.friendlyName = "bn1";
    norm.names.add("bn1:0");
    return norm;
  };
  const model = checkRewrite({ rewrites: [decomposeBatchNorm], build, expected: { Multiply: 1, Add: 1 } });
  const byType = (type: string): Node | undefined => model.nodes().find((n) => n.type === type);
  expect(byType("Add")?.friendlyName).toBe("bn1");
  expect([...(byType("Add")?.outputs[0].names ?? [])]).toEqual(["bn1:0"]);
  expect(byType("Multiply")?.friendlyName).toBe("bn1/Multiply");
});
