import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Model } from "../../model/model.ts";
import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { constant } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { findOperation } from "../../ops/registry.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { CpuExecutable } from "./cpu-executable.ts";
import { resolveConfig } from "../property.ts";
import { referenceDevice } from "../reference/reference-device.ts";
import { cpuDevice } from "./cpu-device.ts";
import { availableTargets } from "./target-selection.ts";

type Attributes = Record<string, number | string | boolean | readonly number[]>;
const apply = (type: string, inputs: Output[], attributes: Attributes = {}): Output => {
  const op = findOperation(type, "opset16");
  if (!op) throw new Error(`no operation ${type}`);
  return node(op, inputs, attributes).outputs[0];
};
const ints = (...values: number[]): Output => constant("i64", values);
const int = (value: number): Output => constant("i64", value);

/** Numbers of which `share` are not 0, drawn by a seed. */
function drawn(shape: readonly number[], seed: number, share = 1): Tensor {
  let state = seed * 7919 + 17;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const size = shape.reduce((n, d) => n * d, 1);
  return new Tensor(
    "f32",
    shape,
    Float32Array.from({ length: size }, () => (next() < share ? 2 * next() - 1 : 0)),
  );
}
const weights = (shape: readonly number[], seed: number): Output =>
  constant("f32", Array.from(drawn(shape, seed).data as Float32Array), shape);

const window = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1], auto_pad: "explicit" };
const convolution = (x: Output, from: number, to: number): Output =>
  apply("Convolution", [x, weights([to, from, 3, 3], from + to)], window);
const relu = (x: Output): Output => apply("Relu", [x]);
/** Which rows of a [n, c] tensor have a sum above 0: indices [m]. */
const positiveRows = (x: Output): Output =>
  apply("Squeeze", [
    apply("NonZero", [apply("Greater", [apply("ReduceSum", [x, ints(1)], { keep_dims: false }), constant("f32", 0)])], {
      output_type: "i64",
    }),
    ints(0),
  ]);

interface Case {
  readonly name: string;
  /** Shapes of the inputs; -1 for one that differs from inference to inference. */
  readonly inputs: readonly (readonly number[])[];
  readonly build: (...inputs: Output[]) => Output | Output[];
}

/** Models whose shapes come out while they run, in the places where a cut can lie. */
const cases: readonly Case[] = [
  {
    name: "a result that no shape depends on, and one that does",
    inputs: [[1, 4, 6, 5]],
    build: (x) => {
      const y = relu(convolution(x, 4, 8));
      return [apply("NonZero", [y], { output_type: "i64" }), apply("Add", [y, y])];
    },
  },
  {
    name: "rows chosen by data, then a convolution of what the head computed",
    inputs: [[12, 4, 6, 5]],
    build: (x) => {
      const y = relu(convolution(x, 4, 8));
      const rows = positiveRows(apply("Reshape", [x, ints(12, -1)], { special_zero: false }));
      return relu(convolution(apply("Gather", [y, rows, int(0)], { batch_dims: 0 }), 8, 5));
    },
  },
  {
    name: "results that are breaks' own outputs, one of them twice, and nothing behind",
    inputs: [[7, 3]],
    build: (x) => {
      const found = apply("NonZero", [x], { output_type: "i32" });
      const target = apply("Add", [apply("ShapeOf", [found], { output_type: "i64" }), int(0)]);
      return [found, found, target];
    },
  },
  {
    name: "few elements behind the break",
    inputs: [[9, 3]],
    build: (x) => apply("Sigmoid", [apply("Gather", [x, positiveRows(x), int(0)], { batch_dims: 0 })]),
  },
  {
    name: "a break behind a break",
    inputs: [[20, 6]],
    build: (x) => {
      const first = apply("MatMul", [apply("Gather", [x, positiveRows(x), int(0)], { batch_dims: 0 }), weights([6, 6], 3)], {
        transpose_a: false,
        transpose_b: false,
      });
      const second = apply("Gather", [first, positiveRows(first), int(0)], { batch_dims: 0 });
      return [apply("MatMul", [second, weights([6, 4], 5)], { transpose_a: false, transpose_b: false }), apply("Exp", [first]), relu(x)];
    },
  },
  {
    name: "elements that decide shapes: how many are largest, the target of Broadcast and Interpolate",
    inputs: [[1, 3, 6, 7]],
    build: (x) => {
      const count = apply(
        "ReduceSum",
        [apply("Convert", [apply("Greater", [x, constant("f32", 0.9)])], { destination_type: "i64" }), ints(0, 1, 2, 3)],
        {
          keep_dims: false,
        },
      );
      const some = apply("Add", [count, int(2)]);
      const pair = apply(
        "Concat",
        [1, 2].map(() => apply("Reshape", [some, ints(1)], { special_zero: false })),
        { axis: 0 },
      );
      const y = convolution(x, 3, 4);
      const large = apply("Interpolate", [y, pair, ints(2, 3)], {
        mode: "linear",
        shape_calculation_mode: "sizes",
        coordinate_transformation_mode: "half_pixel",
        nearest_mode: "round_prefer_floor",
        cube_coeff: -0.75,
      });
      return [
        relu(large),
        apply(
          "Broadcast",
          [apply("ReduceMax", [y, ints(1, 2, 3)], { keep_dims: true }), apply("Concat", [ints(1, 1), pair], { axis: 0 })],
          { mode: "numpy" },
        ),
      ];
    },
  },
  {
    name: "a range as long as data says",
    inputs: [[1, 5]],
    build: (x) => {
      const end = apply("Convert", [apply("Ceiling", [apply("ReduceL1", [x, ints(0, 1)], { keep_dims: false })])], {
        destination_type: "i64",
      });
      return apply("Multiply", [
        apply("Convert", [apply("Range", [int(0), end, int(1)], { output_type: "i64" })], { destination_type: "f32" }),
        apply("ReduceMax", [x, ints(0, 1)], { keep_dims: false }),
      ]);
    },
  },
  {
    name: "a slice from where data says",
    inputs: [[1, 40]],
    build: (x) => {
      const begin = apply(
        "Reshape",
        [
          apply("ReduceSum", [apply("Convert", [apply("Greater", [x, constant("f32", 0)])], { destination_type: "i64" }), ints(0, 1)], {
            keep_dims: false,
          }),
          ints(1),
        ],
        { special_zero: false },
      );
      const slice = apply("StridedSlice", [x, apply("Concat", [ints(0), begin], { axis: 0 }), ints(1, 40), ints(1, 1)], {
        begin_mask: [0, 0],
        end_mask: [0, 0],
        new_axis_mask: [0, 0],
        shrink_axis_mask: [0, 0],
        ellipsis_mask: [0, 0],
      });
      return apply("Tanh", [slice]);
    },
  },
  {
    name: "an input that lies behind the break, and one of the user's own as a result",
    inputs: [
      [8, 3],
      [2, 3],
    ],
    build: (x, y) => [apply("Concat", [apply("Gather", [x, positiveRows(x), int(0)], { batch_dims: 0 }), y], { axis: 0 }), y],
  },
  {
    name: "a break, and input shapes that differ",
    inputs: [[-1, 7]],
    build: (x) => apply("Add", [apply("Gather", [relu(x), positiveRows(x), int(0)], { batch_dims: 0 }), constant("f32", 1)]),
  },
  {
    name: "a detector: boxes, scores, suppression, and what is left of them",
    inputs: [[1, 3, 8, 8]],
    build: (x) => {
      const y = relu(convolution(x, 3, 6));
      const rows = apply("Reshape", [apply("Transpose", [y, ints(0, 2, 3, 1)]), ints(1, 64, 6)], { special_zero: false });
      const boxes = apply("Slice", [rows, ints(0), ints(4), ints(1), ints(2)]);
      const scores = apply("Transpose", [apply("Slice", [rows, ints(4), ints(6), ints(1), ints(2)]), ints(0, 2, 1)]);
      const kept = apply("NonMaxSuppression", [boxes, scores, ints(10), constant("f32", [0.4]), constant("f32", [0.05])], {
        box_encoding: "corner",
        sort_result_descending: true,
        output_type: "i64",
      });
      const found = apply("Gather", [kept, ints(2), int(1)], { batch_dims: 0 });
      return [kept, apply("GatherND", [apply("Squeeze", [boxes, ints(0)]), found], { batch_dims: 0 })];
    },
  },
  {
    name: "an operation made of others behind the break, and a transposed border",
    inputs: [[10, 4, 6]],
    build: (x) => {
      const rows = positiveRows(apply("Reshape", [x, ints(10, -1)], { special_zero: false }));
      const y = apply("Transpose", [apply("Exp", [x]), ints(2, 0, 1)]);
      return apply("PRelu", [
        apply("MatMul", [apply("Gather", [y, rows, int(1)], { batch_dims: 0 }), weights([4, 5], 2)], {
          transpose_a: false,
          transpose_b: false,
        }),
        constant("f32", [0.25]),
      ]);
    },
  },
];

function modelOf({ inputs, build }: Case): Model {
  const parameters = inputs.map((s, i) =>
    parameter("f32", new PartialShape(s.map((d) => (d < 0 ? { min: 0, max: Number.POSITIVE_INFINITY } : d))), `x${i}`),
  );
  const outputs = [build(...parameters.map((p) => p.outputs[0]))].flat();
  return new Model({ name: "case", parameters, results: outputs.map((o, i) => result(o, `y${i}`)) });
}

/** Inferences one after the other: shapes that come once, again, and with nothing in them. */
const rounds = [0.9, 0.5, 0.9, 0, 0.2, 0.5, 0.5, 0];
const inputsOf = ({ inputs }: Case, round: number): Tensor[] =>
  inputs.map((shape, i) =>
    drawn(
      shape.map((d) => (d < 0 ? 3 + (round % 3) : d)),
      // Equal shares draw equal numbers.
      i + 10 * rounds.indexOf(rounds[round]),
      rounds[round],
    ),
  );

function expectClose(got: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(got.map((t) => `${t.elementType}[${t.shape.join(",")}]`)).toEqual(expected.map((t) => `${t.elementType}[${t.shape.join(",")}]`));
  for (const [i, want] of expected.entries())
    for (let e = 0; e < want.size; e++)
      expect(Math.abs(Number(got[i].data[e]) - Number(want.data[e]))).toBeLessThan(5e-5 * Math.max(1, Math.abs(Number(want.data[e]))));
}

const setups = availableTargets().flatMap((target) =>
  (target === "interpreter" ? [1] : [1, 2]).map((threads) => ({
    target,
    threads,
    config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads },
  })),
);

describe.each(setups)("shapes that depend on data, on $target with $threads threads", ({ config }) => {
  describe.each(cases)("$name", (c) => {
    let executable: CpuExecutable;
    let expected: Tensor[][];
    beforeAll(() => {
      executable = cpuDevice.compile(modelOf(c), resolveConfig("CPU", cpuDevice.properties, { ...config, PERF_COUNT: true }));
      const reference = referenceDevice.compile(modelOf(c), resolveConfig("REFERENCE", referenceDevice.properties, {})).createRequest();
      expected = rounds.map((_, round) => reference.infer(inputsOf(c, round)));
    });
    afterAll(() => executable.dispose());

    it("gives what REFERENCE gives, inference after inference", () => {
      const request = executable.createRequest();
      const got = rounds.map((_, round) => request.infer(inputsOf(c, round)));
      // All at the end: later inferences do not write to the results of earlier ones.
      for (const [round, tensors] of got.entries()) expectClose(tensors, expected[round]);
    });

    it("gives it to several requests at once", async () => {
      const all = await Promise.all(
        [0, 1].map(async (offset) => {
          const request = executable.createRequest();
          const got: Tensor[][] = [];
          for (let i = 0; i < rounds.length; i++) got.push(await request.inferAsync(inputsOf(c, (i + offset) % rounds.length)));
          return got;
        }),
      );
      for (const [offset, got] of all.entries())
        for (const [i, tensors] of got.entries()) expectClose(tensors, expected[(i + offset) % rounds.length]);
    });
  });
});

describe("a network with one operation whose shape depends on data", () => {
  const c: Case = {
    name: "network",
    inputs: [[1, 4, 16, 16]],
    build: (x) => {
      let y = x;
      for (let i = 0; i < 4; i++) y = relu(convolution(y, 4, 4));
      const found = apply("NonZero", [apply("ReduceMax", [y, ints(1)], { keep_dims: false })], { output_type: "i64" });
      const gathered = apply("GatherND", [apply("Transpose", [y, ints(0, 2, 3, 1)]), apply("Transpose", [found, ints(1, 0)])], {
        batch_dims: 0,
      });
      return [apply("MatMul", [gathered, weights([4, 8], 1)], { transpose_a: false, transpose_b: false }), relu(convolution(y, 4, 4))];
    },
  };

  it("runs everything else in programs, and its profile calls the host host", () => {
    const executable = cpuDevice.compile(modelOf(c), resolveConfig("CPU", cpuDevice.properties, { PERF_COUNT: true }));
    const request = executable.createRequest();
    request.infer(inputsOf(c, 0));
    const onHost = request.profile().filter((entry) => entry.implementation.startsWith("host"));
    executable.dispose();
    expect(onHost.map((entry) => entry.type).toSorted()).toEqual(["GatherND", "NonZero"]);
  });

  it("has stages to inspect", () => {
    const text = cpuDevice.inspect?.(modelOf(c), "lowered", resolveConfig("CPU", cpuDevice.properties, {}));
    expect(text).toMatch(/then host NonZero "NonZero_\d+", which tells i64\[3,\.\.256\]/);
    expect(text).toMatch(/compiled for the shapes that come out, \d operations/);
  });
});
