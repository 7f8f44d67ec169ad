import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { type Dimension, formatDimension, isKnown, symbolic } from "../../tensor/dimension.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { AvgPool14 } from "./avg-pool.ts";
import { ConvolutionBackpropData } from "./convolution-backprop-data.ts";
import { Convolution } from "./convolution.ts";
import { GroupConvolution } from "./group-convolution.ts";
import { Interpolate11, Interpolate4 } from "./interpolate.ts";
import { MatMul } from "./mat-mul.ts";
import { MaxPool8 } from "./max-pool.ts";

const show = (d: Dimension): string => (isKnown(d) ? String(d) : String(d.symbol ?? formatDimension(d)));
const shapeOf = (output: Output): string =>
  (output.partialShape.dimensions ?? ["..."]).map((d) => (d === "..." ? d : show(d as Dimension))).join(" ");
const [n, h, w] = [symbolic("n", 1), symbolic("h", 32, 640), symbolic("w", 32)];
const tensor = (...dimensions: readonly Dimension[]): Output => parameter("f32", new PartialShape(dimensions), "x").outputs[0];
const unknown = parameter("f32", PartialShape.dynamic, "unknown").outputs[0];
const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof node>[2]): Output =>
  node(op, inputs, attributes).outputs[0];
const window = (stride: number, pad: number, auto = "explicit", dilation = 1): Record<string, readonly number[] | string> => ({
  strides: [stride, stride],
  pads_begin: [pad, pad],
  pads_end: [pad, pad],
  dilations: [dilation, dilation],
  auto_pad: auto,
});
const { dilations: _, ...poolWindow } = window(2, 0);
const resize = {
  mode: "nearest",
  shape_calculation_mode: "scales",
  coordinate_transformation_mode: "asymmetric",
  nearest_mode: "floor",
} as const;

describe("shapes with symbols", () => {
  const x = tensor(n, 8, h, w);
  const cases: readonly (readonly [string, () => Output, string])[] = [
    ["a convolution that keeps its size", () => apply(Convolution, [x, tensor(16, 8, 3, 3)], window(1, 1)), "n 16 h w"],
    ["a strided convolution", () => apply(Convolution, [x, tensor(16, 8, 3, 3)], window(2, 1)), "n 16 ((1+h)/2) ((1+w)/2)"],
    ["same padding", () => apply(Convolution, [x, tensor(16, 8, 3, 3)], window(2, 0, "same_upper")), "n 16 ((1+h)/2) ((1+w)/2)"],
    ["weights of unknown shape", () => apply(Convolution, [x, unknown], window(1, 1)), "n ? 1..642 1.."],
    ["data of unknown rank", () => apply(Convolution, [unknown, tensor(16, 8, 3, 3)], window(1, 1)), "? 16 1.. 1.."],
    ["groups", () => apply(GroupConvolution, [x, tensor(4, 3, 2, 3, 3)], window(1, 1)), "n 12 h w"],
    ["a transposed convolution", () => apply(ConvolutionBackpropData, [x, tensor(8, 4, 2, 2)], window(2, 0)), "n 4 (2*h) (2*w)"],
    [
      "a transposed convolution with a given output",
      () => apply(ConvolutionBackpropData, [x, tensor(8, 4, 2, 2), constant("i64", [7, 9])], window(2, 0, "same_upper")),
      "n 4 7 9",
    ],
    ["max pooling", () => apply(MaxPool8, [x], { ...window(2, 0), kernel: [2, 2] }), "n 8 (h/2) (w/2)"],
    [
      "average pooling, rounded up as in PyTorch",
      () => apply(AvgPool14, [tensor(1, 1, 5, 6)], { ...poolWindow, kernel: [2, 2], "exclude-pad": false, rounding_type: "ceil_torch" }),
      "1 1 3 3",
    ],
    [
      "doubling by scales",
      () => apply(Interpolate4, [x, constant("i64", [1, 1]), constant("f32", [2, 2]), constant("i64", [2, 3])], resize),
      "n 8 (2*h) (2*w)",
    ],
    ["halving by scales", () => apply(Interpolate11, [x, constant("f32", [0.5, 0.5]), constant("i64", [2, 3])], resize), "n 8 (h/2) (w/2)"],
    ["matrices", () => apply(MatMul, [tensor(n, h, 64), tensor(64, 10)], {}), "n h 10"],
    [
      "matrices with batches that broadcast",
      () => apply(MatMul, [tensor(n, 1, h, 64), tensor(5, 10, 64)], { transpose_b: true }),
      "n 5 h 10",
    ],
    ["a vector and a matrix", () => apply(MatMul, [tensor(64), tensor(n, 64, w)], {}), "n w"],
    ["a matrix of unknown rank", () => apply(MatMul, [unknown, tensor(64, 10)], {}), "..."],
  ];
  test.each(cases)("%s", (_name, build, expected) => expect(shapeOf(build())).toBe(expected));

  test("equal computations give equal symbols", () => {
    const down = (): Output => apply(Convolution, [x, tensor(16, 8, 3, 3)], window(2, 1));
    expect(shapeOf(down())).toBe(shapeOf(down()));
  });
});

describe("errors say what does not fit", () => {
  const x = tensor(1, 3, 8, 8);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["channels", () => apply(Convolution, [x, tensor(4, 4, 3, 3)], window(1, 1)), "input has 3 channels, weights expect 4 x 1 groups"],
    ["a kernel that is too long", () => apply(Convolution, [x, tensor(4, 3, 9, 9)], window(1, 0)), "at most 8 on spatial axis 0, got 9"],
    ["a stride of 0", () => apply(Convolution, [x, tensor(4, 3, 3, 3)], window(0, 1)), 'attribute "strides" must be positive'],
    ["the rank of the weights", () => apply(Convolution, [x, tensor(4, 3, 3)], window(1, 0)), "expected 4 dimensions"],
    [
      "the number of pads",
      () => apply(Convolution, [x, tensor(4, 3, 3, 3)], { ...window(1, 0), pads_begin: [1] }),
      'attribute "pads_begin"',
    ],
    ["a kernel of another rank", () => apply(MaxPool8, [x], { ...window(2, 0), kernel: [2] }), "the kernel does not fit the data"],
    ["matrices", () => apply(MatMul, [tensor(2, 3), tensor(4, 5)], {}), "columns of the first must be rows of the second"],
    ["batches", () => apply(MatMul, [tensor(2, 2, 3), tensor(3, 3, 5)], {}), "the batch dimensions do not broadcast"],
  ];
  test.each(cases)("%s", (_name, run, message) => {
    expect(run).toThrow(VintnerError);
    expect(run).toThrow(message);
  });
});

test("a kernel far longer than its padded input is not walked through", () => {
  const pool = node(MaxPool8, [tensor(1, 1, 4, 4)], { ...window(1, 0, "same_upper"), kernel: [1e8, 1e8] });
  const results = pool.op.evaluate?.({
    node: pool,
    inputs: [new Tensor("f32", [1, 1, 4, 4], [...new Array(16).keys()])],
    attributes: pool.attributes,
    outputs: pool.outputs,
  });
  expect(new Set(results?.[0].data as Float32Array)).toEqual(new Set([15]));
});
