import { describe, expect, it } from "vitest";
import { Model } from "../model/model.ts";
import { node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { findOperation } from "../ops/registry.ts";
import { symbolic } from "../tensor/dimension.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { availableTargets } from "./cpu/target-selection.ts";
import { cpuDevice } from "./cpu/cpu-device.ts";
import type { Device } from "./device.ts";
import { resolveConfig } from "./property.ts";
import { compileSync, inferSync } from "./synchronous.ts";
import { referenceDevice } from "./reference/reference-device.ts";

type Attributes = Record<string, number | string | boolean | readonly number[]>;
const apply = (type: string, inputs: Output[], attributes: Attributes = {}, opset = 16): Output => {
  const op = findOperation(type, `opset${opset}`);
  if (!op) throw new Error(`no operation ${type}`);
  return node(op, inputs, attributes).outputs[0];
};
const seeded = (shape: readonly number[], seed: number, scale = 1): Tensor => {
  let state = seed * 7919 + 17;
  return new Tensor(
    "f32",
    shape,
    Float32Array.from(
      { length: shape.reduce((n, d) => n * d, 1) },
      () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1,
    ).map((v) => v * scale),
  );
};
const weights = (shape: readonly number[], seed: number): Output =>
  constant("f32", Array.from(seeded(shape, seed, 0.3).data as Float32Array), shape);
const ints = (...values: number[]): Output => constant("i64", values);
const window = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1], auto_pad: "explicit" };

interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly build: (...inputs: Output[]) => Output | Output[];
}

/** Small graphs that reach each lowering, and the ways in which they meet. */
const cases: readonly Case[] = [
  {
    name: "convolution, bias, hard swish",
    inputs: [[1, 5, 9, 11]],
    build: (x) =>
      apply("HSwish", [apply("Add", [apply("Convolution", [x, weights([20, 5, 3, 3], 1)], window), weights([1, 20, 1, 1], 2)])]),
  },
  {
    name: "residual addition of two convolutions",
    inputs: [[2, 8, 6, 7]],
    build: (x) => {
      const a = apply("Relu", [apply("Convolution", [x, weights([16, 8, 1, 1], 1)], { ...window, pads_begin: [0, 0], pads_end: [0, 0] })]);
      return apply("Relu", [apply("Add", [apply("Convolution", [a, weights([16, 16, 3, 3], 2)], window), a])]);
    },
  },
  {
    name: "depthwise convolution",
    inputs: [[1, 19, 8, 8]],
    build: (x) =>
      apply("Clamp", [apply("GroupConvolution", [x, weights([19, 1, 1, 3, 3], 1)], { ...window, strides: [2, 2] })], { min: 0, max: 6 }),
  },
  {
    name: "grouped convolution",
    inputs: [[1, 12, 7, 6]],
    build: (x) => apply("GroupConvolution", [x, weights([3, 8, 4, 3, 3], 1)], window),
  },
  {
    name: "one-dimensional convolution",
    inputs: [[2, 4, 30]],
    build: (x) =>
      apply("Convolution", [x, weights([6, 4, 5], 1)], {
        strides: [2],
        pads_begin: [2],
        pads_end: [2],
        dilations: [1],
        auto_pad: "explicit",
      }),
  },
  {
    name: "transposed convolution",
    inputs: [[1, 6, 5, 4]],
    build: (x) =>
      apply("Relu", [
        apply("Add", [
          apply("ConvolutionBackpropData", [x, weights([6, 9, 3, 3], 1)], { ...window, strides: [2, 2], output_padding: [1, 1] }),
          weights([1, 9, 1, 1], 3),
        ]),
      ]),
  },
  {
    name: "transposed convolution to a given size, odd pad at the begin",
    inputs: [[1, 3, 4, 5]],
    build: (x) =>
      apply("ConvolutionBackpropData", [x, weights([3, 5, 4, 4], 1), ints(9, 11)], {
        strides: [2, 2],
        pads_begin: [0, 0],
        pads_end: [0, 0],
        dilations: [1, 1],
        auto_pad: "same_upper",
      }),
  },
  {
    name: "enlarging, linear and cubic",
    inputs: [[1, 6, 5, 4]],
    build: (x) =>
      (["linear", "cubic", "nearest"] as const).map((mode) =>
        apply("Interpolate", [x, ints(8, 12), ints(2, 3)], {
          mode,
          shape_calculation_mode: "sizes",
          coordinate_transformation_mode: "half_pixel",
          nearest_mode: "round_prefer_floor",
          cube_coeff: -0.75,
        }),
      ),
  },
  {
    name: "transposed convolution with kernel 2",
    inputs: [[1, 24, 6, 6]],
    build: (x) =>
      apply("Sigmoid", [
        apply("ConvolutionBackpropData", [x, weights([24, 1, 2, 2], 1)], {
          strides: [2, 2],
          pads_begin: [0, 0],
          pads_end: [0, 0],
          dilations: [1, 1],
        }),
      ]),
  },
  {
    name: "max pool",
    inputs: [[1, 10, 9, 9]],
    build: (x) =>
      apply(
        "MaxPool",
        [x],
        {
          strides: [2, 2],
          pads_begin: [1, 1],
          pads_end: [1, 1],
          kernel: [3, 3],
          dilations: [1, 1],
          rounding_type: "floor",
          auto_pad: "explicit",
        },
        8,
      ),
  },
  {
    name: "average pool",
    inputs: [[1, 10, 9, 9]],
    build: (x) =>
      apply(
        "AvgPool",
        [x],
        {
          strides: [1, 1],
          pads_begin: [1, 1],
          pads_end: [1, 1],
          kernel: [3, 3],
          "exclude-pad": true,
          rounding_type: "floor",
          auto_pad: "explicit",
        },
        8,
      ),
  },
  {
    name: "squeeze and excite",
    inputs: [[1, 16, 6, 6]],
    build: (x) =>
      apply("Multiply", [
        x,
        apply("HardSigmoid", [
          apply("Convolution", [apply("ReduceMean", [x, ints(2, 3)], { keep_dims: true }), weights([16, 16, 1, 1], 1)], {
            ...window,
            pads_begin: [0, 0],
            pads_end: [0, 0],
          }),
          constant("f32", 0.2),
          constant("f32", 0.5),
        ]),
      ]),
  },
  {
    name: "matrix product with a constant and a bias",
    inputs: [[2, 5, 12]],
    build: (x) => apply("Add", [apply("MatMul", [x, weights([12, 33], 1)], { transpose_a: false, transpose_b: false }), weights([33], 2)]),
  },
  {
    name: "matrix product transposed",
    inputs: [[7, 12]],
    build: (x) => apply("MatMul", [x, weights([10, 12], 1)], { transpose_a: false, transpose_b: true }),
  },
  {
    name: "attention",
    inputs: [[1, 9, 24]],
    build: (x) => {
      const heads = (seed: number): Output =>
        apply("Transpose", [
          apply("Reshape", [apply("MatMul", [x, weights([24, 24], seed)], { transpose_a: false, transpose_b: false }), ints(1, 9, 3, 8)], {
            special_zero: false,
          }),
          ints(0, 2, 1, 3),
        ]);
      const scores = apply(
        "Softmax",
        [apply("Multiply", [apply("MatMul", [heads(1), heads(2)], { transpose_a: false, transpose_b: true }), constant("f32", 0.35)])],
        { axis: -1 },
      );
      return apply(
        "Reshape",
        [
          apply("Transpose", [apply("MatMul", [scores, heads(3)], { transpose_a: false, transpose_b: false }), ints(0, 2, 1, 3)]),
          ints(1, 9, 24),
        ],
        { special_zero: false },
      );
    },
  },
  {
    name: "layer normalization",
    inputs: [[1, 6, 40]],
    build: (x) =>
      apply("Add", [
        apply("Multiply", [
          apply("MVN", [x, ints(-1)], { normalize_variance: true, eps: 1e-5, eps_mode: "INSIDE_SQRT" }),
          weights([40], 1),
        ]),
        weights([40], 2),
      ]),
  },
  {
    name: "concatenation of channels, written in place",
    inputs: [[1, 8, 5, 5]],
    build: (x) => {
      const branch = (seed: number, channels: number): Output =>
        apply("Relu", [apply("Convolution", [x, weights([channels, 8, 1, 1], seed)], { ...window, pads_begin: [0, 0], pads_end: [0, 0] })]);
      return apply("Convolution", [apply("Concat", [branch(1, 8), branch(2, 5), x], { axis: 1 }), weights([4, 21, 1, 1], 3)], {
        ...window,
        pads_begin: [0, 0],
        pads_end: [0, 0],
      });
    },
  },
  {
    name: "detection head: transpose, reshape, concatenate",
    inputs: [[1, 8, 4, 6]],
    build: (x) => {
      const head = (seed: number): Output =>
        apply(
          "Reshape",
          [apply("Transpose", [apply("Convolution", [x, weights([6, 8, 3, 3], seed)], window), ints(0, 2, 3, 1)]), ints(1, -1, 2)],
          { special_zero: false },
        );
      return apply("Softmax", [apply("Concat", [head(1), head(2)], { axis: 1 })], { axis: 2 });
    },
  },
  {
    name: "slices, splits and pads",
    inputs: [[1, 12, 6, 5]],
    build: (x) => {
      const op = findOperation("Split", "opset16");
      const parts = op ? node(op, [x, constant("i64", 1)], { num_splits: 3 }).outputs : [];
      return apply(
        "Pad",
        [
          apply("Add", [parts[0], apply("Slice", [parts[2], ints(0, 0), ints(4, 6), ints(1, 1), ints(1, 2)])]),
          ints(0, 1, 2, 0),
          ints(0, 0, 1, 3),
          constant("f32", 1.5),
        ],
        { pad_mode: "constant" },
      );
    },
  },
  ...(["reflect", "symmetric", "edge"] as const).map((mode) => ({
    name: `padding that repeats the input, ${mode}`,
    inputs: [
      [1, 3, 5, 4],
      [2, 1, 37],
    ],
    build: (x: Output, y: Output): Output[] => [
      apply("Pad", [apply("Relu", [x]), ints(0, 1, 2, 3), ints(0, 2, 0, 1)], { pad_mode: mode }),
      apply("Pad", [y, ints(0, 0, 0), ints(0, 0, 17)], { pad_mode: mode }),
    ],
  })),
  {
    name: "host operations between programs",
    inputs: [[1, 4, 5, 5]],
    build: (x) => apply("Relu", [apply("CumSum", [apply("Add", [x, x]), constant("i64", 2)], { exclusive: false, reverse: false })]),
  },
  {
    name: "a mask in an epilogue",
    inputs: [
      [2, 5, 8],
      [2, 5, 7],
    ],
    build: (x, y) => {
      const mask = apply("Greater", [y, constant("f32", 0)]);
      return [
        apply("Select", [mask, apply("MatMul", [x, weights([8, 7], 1)], { transpose_a: false, transpose_b: false }), constant("f32", -9)]),
        mask,
      ];
    },
  },
  {
    name: "booleans",
    inputs: [
      [2, 7],
      [2, 7],
    ],
    build: (a, b) => [apply("Select", [apply("LogicalNot", [apply("Less", [a, b])]), a, apply("Abs", [b])]), apply("Greater", [a, b])],
  },
  {
    name: "elementary functions",
    inputs: [[3, 50]],
    build: (x) => [
      apply("Tanh", [x]),
      apply("Erf", [x]),
      apply("Exp", [x]),
      apply("Sin", [x]),
      apply("Mish", [x]),
      apply("Gelu", [x], { approximation_mode: "ERF" }),
      apply("Swish", [x]),
    ],
  },
  {
    name: "reductions to nothing",
    inputs: [[2, 3, 17]],
    build: (x) => [
      apply("ReduceMax", [x, ints(0, 1, 2)], { keep_dims: false }),
      apply("ReduceL2", [x, ints(1)], { keep_dims: false }),
      apply("ReduceSum", [x, ints(-1)], { keep_dims: true }),
    ],
  },
  {
    name: "a matrix product of several batches inside a concatenation",
    inputs: [
      [2, 3, 4],
      [2, 5, 7],
    ],
    build: (x, y) =>
      apply("Concat", [apply("MatMul", [x, weights([4, 7], 1)], { transpose_a: false, transpose_b: false }), apply("Abs", [y])], {
        axis: 1,
      }),
  },
  {
    name: "concatenations of producers that write vectors along different axes",
    inputs: [
      [1, 8, 5, 6],
      [1, 8, 5, 7],
    ],
    build: (x, y) => {
      const point = { ...window, pads_begin: [0, 0], pads_end: [0, 0] };
      const parts: readonly (() => Output)[] = [
        () => apply("Convolution", [x, weights([8, 8, 1, 1], 1)], point),
        () => apply("GroupConvolution", [x, weights([8, 1, 1, 1, 1], 2)], point),
        () => apply("MaxPool", [x], { ...window, kernel: [3, 3], rounding_type: "floor" }, 8),
        () => apply("MatMul", [y, weights([7, 6], 3)], { transpose_a: false, transpose_b: false }),
        () => apply("Softmax", [x], { axis: 3 }),
        () => apply("Abs", [x]),
      ];
      return parts.flatMap((a) => parts.flatMap((b) => [1, 3].map((axis) => apply("Concat", [a(), b()], { axis }))));
    },
  },
  {
    name: "a product of two tensors inside a concatenation",
    inputs: [
      [2, 2, 3, 4],
      [2, 2, 4, 7],
    ],
    build: (x, y) => apply("Concat", [apply("Abs", [y]), apply("MatMul", [x, y], { transpose_a: false, transpose_b: false })], { axis: 2 }),
  },
  {
    name: "rows reduced in one layout and written in another",
    inputs: [[39], [6, 16], [2, 8, 1, 16], [2, 8, 1, 16]],
    build: (a, b, c, d) => [
      apply("Softmax", [apply("Broadcast", [a, ints(3, 39)], { mode: "numpy" }, 3)], { axis: 1 }),
      apply("LogSoftmax", [apply("Transpose", [apply("Broadcast", [b, ints(2, 6, 16)], { mode: "numpy" }, 3), ints(1, 0, 2)])], {
        axis: -1,
      }),
      apply(
        "Concat",
        [
          apply("Convolution", [c, weights([8, 8, 1, 1], 1)], { ...window, pads_begin: [0, 0], pads_end: [0, 0] }),
          apply("MVN", [d, ints(3)], { normalize_variance: true, eps: 1e-5, eps_mode: "inside_sqrt" }),
        ],
        { axis: 2 },
      ),
    ],
  },
  {
    name: "slopes of one number",
    inputs: [
      [2, 3],
      [1, 4, 2, 2],
    ],
    build: (x, y) => [
      apply("PRelu", [x, constant("f32", 0.1)]),
      apply("PRelu", [y, weights([4], 1)]),
      apply("PRelu", [apply("ReduceMax", [x, ints(0, 1)], { keep_dims: false }), constant("f32", [-0.5])]),
    ],
  },
  { name: "an output that is an input", inputs: [[2, 3]], build: (x) => [x, apply("Reshape", [x, ints(3, 2)], { special_zero: false })] },
];

function modelOf({ inputs, build }: Case, dynamic: boolean): Model {
  const parameters = inputs.map((s, i) =>
    parameter(
      "f32",
      dynamic ? new PartialShape(s.map((d, axis) => (axis === 0 ? symbolic("batch", 1, 8) : d))) : new PartialShape(s),
      `x${i}`,
    ),
  );
  const outputs = [build(...parameters.map((p) => p.outputs[0]))].flat();
  return new Model({ name: "case", parameters, results: outputs.map((o, i) => result(o, `y${i}`)) });
}

const run = (device: Device, model: Model, config: Record<string, string | number>, tensors: readonly Tensor[]): Tensor[] => {
  const executable = compileSync(device, model, resolveConfig(device.name, device.properties, config));
  try {
    return inferSync(executable.createRequest(), tensors);
  } finally {
    executable.dispose();
  }
};

interface Setup {
  readonly name: string;
  readonly device: Device;
  readonly config: Record<string, string | number>;
}

const setups: readonly Setup[] = availableTargets().flatMap((target) =>
  (target === "interpreter" ? [1] : [1, 2]).map((threads) => ({
    name: `CPU on ${target} with ${threads} threads`,
    device: cpuDevice,
    config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads },
  })),
);

describe.each(setups)("$name gives what REFERENCE gives", ({ device, config }) => {
  it.each(cases)("$name", (c) => {
    const tensors = c.inputs.map((shape, i) => seeded(shape, i + 50, 2));
    const expected = run(referenceDevice, modelOf(c, false), {}, tensors);
    for (const dynamic of c.name.startsWith("attention") || c.name.startsWith("an output") ? [false] : [false, true]) {
      const got = run(device, modelOf(c, dynamic), config, tensors);
      for (const [i, want] of expected.entries()) {
        expect(got[i].shape).toEqual(want.shape);
        expect(got[i].elementType).toBe(want.elementType);
        for (let e = 0; e < want.size; e++)
          expect(Math.abs(Number(got[i].data[e]) - Number(want.data[e]))).toBeLessThan(2e-5 * Math.max(1, Math.abs(Number(want.data[e]))));
      }
    }
  });
});
