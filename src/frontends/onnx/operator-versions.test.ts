import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../../test/support/evaluate-model.ts";
import { TensorProto_DataType as DataType } from "../../formats/protobuf/generated/onnx_pb.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { floats, int64s, node, type OnnxModelParts, readOnnx, value } from "../../../test/support/onnx-model.ts";

interface VersionCase {
  readonly name: string;
  readonly opset: number;
  readonly parts: Omit<OnnxModelParts, "opset" | "inputs">;
  /** Shape of the input `x`, which holds 0, 1, 2 ... times `step`. */
  readonly shape: readonly number[];
  readonly step?: number;
  readonly outputs: readonly (readonly number[])[];
}

const y = ["y"];
const single = (...args: Parameters<typeof node>): VersionCase["parts"] => ({ nodes: [node(...args)] });

/** Forms of operators that ONNX's own tests, which are of the newest versions, do not show. Results by hand. */
const cases: readonly VersionCase[] = [
  {
    name: "Clip, bounds as attributes",
    opset: 6,
    parts: single("Clip", ["x"], y, { min: 0.5, max: 2.5 }),
    shape: [4],
    outputs: [[0.5, 1, 2, 2.5]],
  },
  { name: "Clip, one bound", opset: 6, parts: single("Clip", ["x"], y, { min: 1.5 }), shape: [4], outputs: [[1.5, 1.5, 2, 3]] },
  {
    name: "Slice, bounds as attributes",
    opset: 9,
    parts: single("Slice", ["x"], y, { starts: [1], ends: [9000], axes: [0] }),
    shape: [3, 2],
    outputs: [[2, 3, 4, 5]],
  },
  { name: "Squeeze, axes as attribute", opset: 11, parts: single("Squeeze", ["x"], y, { axes: [0] }), shape: [1, 2, 1], outputs: [[0, 1]] },
  {
    name: "Unsqueeze, axes as attribute",
    opset: 11,
    parts: single("Unsqueeze", ["x"], y, { axes: [0, -1] }),
    shape: [2],
    outputs: [[0, 1]],
  },
  {
    name: "Softmax over all dimensions from the axis on",
    opset: 11,
    parts: single("Softmax", ["x"], y, { axis: 1 }),
    shape: [1, 2, 2],
    step: Math.LN2,
    outputs: [[1 / 15, 2 / 15, 4 / 15, 8 / 15]],
  },
  {
    name: "LogSoftmax over the last dimension by default",
    opset: 13,
    parts: single("LogSoftmax", ["x"], y),
    shape: [1, 2, 2],
    step: Math.LN2,
    outputs: [[Math.log(1 / 3), Math.log(2 / 3), Math.log(1 / 3), Math.log(2 / 3)]],
  },
  {
    name: "Pad, pads as attribute",
    opset: 9,
    parts: single("Pad", ["x"], y, { pads: [0, 1, 0, 2], value: 9.5 }),
    shape: [1, 2],
    outputs: [[9.5, 0, 1, 9.5, 9.5]],
  },
  {
    name: "Split, lengths as attribute",
    opset: 11,
    parts: { nodes: [node("Split", ["x"], ["a", "b"], { split: [1, 3] })], outputs: ["a", "b"] },
    shape: [4],
    outputs: [[0], [1, 2, 3]],
  },
  {
    name: "ReduceSum, axes as attribute",
    opset: 11,
    parts: single("ReduceSum", ["x"], y, { axes: [1], keepdims: 0 }),
    shape: [2, 2],
    outputs: [[1, 5]],
  },
  { name: "ReduceMean without axes", opset: 11, parts: single("ReduceMean", ["x"], y, { keepdims: 0 }), shape: [2, 2], outputs: [[1.5]] },
  {
    name: "TopK, k as attribute",
    opset: 9,
    parts: { nodes: [node("TopK", ["x"], ["v", "i"], { k: 2 })], outputs: ["v", "i"] },
    shape: [4],
    outputs: [
      [3, 2],
      [3, 2],
    ],
  },
  {
    name: "Upsample, scales as attribute",
    opset: 8,
    parts: single("Upsample", ["x"], y, { mode: "nearest", scales: { type: 6, floats: [1, 1, 2, 2] } }),
    shape: [1, 1, 1, 2],
    outputs: [[0, 0, 1, 1, 0, 0, 1, 1]],
  },
  {
    name: "Upsample, scales as input",
    opset: 9,
    parts: { nodes: [node("Upsample", ["x", "s"], y, { mode: "linear" })], initializers: [floats("s", [4], [1, 1, 1, 2])] },
    shape: [1, 1, 1, 2],
    outputs: [[0, 0.5, 1, 1]],
  },
  {
    name: "Resize from the corner",
    opset: 10,
    parts: { nodes: [node("Resize", ["x", "s"], y, { mode: "nearest" })], initializers: [floats("s", [4], [1, 1, 1, 2])] },
    shape: [1, 1, 1, 2],
    outputs: [[0, 0, 1, 1]],
  },
  {
    name: "Add with a second input aligned to an axis",
    opset: 6,
    parts: { nodes: [node("Add", ["x", "w"], y, { broadcast: 1, axis: 0 })], initializers: [floats("w", [2], [10, 20])] },
    shape: [2, 2],
    outputs: [[10, 11, 22, 23]],
  },
  {
    name: "PRelu with a slope for each channel",
    opset: 6,
    parts: { nodes: [node("PRelu", ["x", "w"], y)], initializers: [floats("w", [2], [10, 20])] },
    shape: [1, 2, 2],
    step: -1,
    outputs: [[0, -10, -40, -60]],
  },
  {
    name: "PRelu with a slope for each column",
    opset: 16,
    parts: { nodes: [node("PRelu", ["x", "w"], y)], initializers: [floats("w", [2], [10, 20])] },
    shape: [1, 2, 2],
    step: -1,
    outputs: [[0, -20, -20, -60]],
  },
  { name: "Cast to a type by name", opset: 5, parts: single("Cast", ["x"], y, { to: "INT32" }), shape: [2], step: 1.5, outputs: [[0, 1]] },
  {
    name: "Dropout at inference with its mask",
    opset: 7,
    parts: { nodes: [node("Dropout", ["x"], ["y", "mask"])], outputs: ["y", "mask"] },
    shape: [2],
    outputs: [
      [0, 1],
      [1, 1],
    ],
  },
  {
    name: "GroupNormalization with a scale for each group",
    opset: 18,
    parts: {
      nodes: [node("GroupNormalization", ["x", "s", "b"], y, { num_groups: 2, epsilon: 1e-9 })],
      initializers: [floats("s", [2], [1, 10]), floats("b", [2], [0, 1])],
    },
    shape: [1, 4, 1],
    outputs: [[-1, 1, -9, 11]],
  },
  {
    name: "Constant of numbers in attributes",
    opset: 13,
    parts: {
      nodes: [node("Constant", [], ["c"], { value_floats: { type: 6, floats: [1, 2] } }), node("Mul", ["x", "c"], y)],
    },
    shape: [2],
    step: 3,
    outputs: [[0, 6]],
  },
  {
    name: "Pow with an exponent of another type",
    opset: 13,
    parts: { nodes: [node("Pow", ["x", "e"], y)], initializers: [int64s("e", [], [2])] },
    shape: [3],
    outputs: [[0, 1, 4]],
  },
];

const runtimeCases: readonly VersionCase[] = [
  {
    name: "FusedConv",
    opset: 18,
    parts: {
      nodes: [
        node(
          "FusedConv",
          ["x", "w"],
          y,
          { activation: "LeakyRelu", activation_params: { type: 6, floats: [0.5] } },
          { domain: "com.microsoft" },
        ),
      ],
      initializers: [floats("w", [1, 1, 1], [-2])],
      domains: ["com.microsoft"],
    },
    shape: [1, 1, 2],
    outputs: [[0, -1]],
  },
  {
    name: "FusedMatMul",
    opset: 18,
    parts: {
      nodes: [node("FusedMatMul", ["x", "x"], y, { transB: 1, alpha: 0.5 }, { domain: "com.microsoft" })],
      domains: ["com.microsoft"],
    },
    shape: [1, 3],
    outputs: [[2.5]],
  },
];

function run({ opset, parts, shape, step = 1 }: VersionCase): number[][] {
  const model = readOnnx({ ...parts, opset, inputs: [value("x", shape, DataType.FLOAT)] });
  const data = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => i * step);
  return evaluateModel(model, [new Tensor("f32", shape, data)]).map((t) => Array.from(tensorNumbers(t)));
}

describe("versions of operators", () => {
  test.each(cases)("$name (opset $opset)", (versionCase) => {
    const got = run(versionCase);
    expect(got.map((list) => list.length)).toEqual(versionCase.outputs.map((list) => list.length));
    for (const [i, list] of versionCase.outputs.entries()) for (const [k, n] of list.entries()) expect(got[i][k]).toBeCloseTo(n, 5);
  });
});

describe("operators of ONNX Runtime's optimizer", () => {
  test.each(runtimeCases)("$name", (versionCase) => {
    for (const [i, list] of run(versionCase).entries()) expect(list).toEqual(versionCase.outputs[i]);
  });
});
