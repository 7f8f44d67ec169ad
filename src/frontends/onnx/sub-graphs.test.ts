import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../../test/support/evaluate-model.ts";
import { floats, int64s, node, type OnnxModelParts, readOnnx, value } from "../../../test/support/onnx-model.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  type GraphProtoSchema,
  TensorProto_DataType as DataType,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import { verifyModel } from "../../model/verify.ts";
import { Tensor } from "../../tensor/tensor.ts";

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
const graph = (node: NonNullable<GraphInit["node"]>, output: readonly string[], input: readonly string[] = [], more: GraphInit = {}) => ({
  type: AttributeType.GRAPH,
  g: { name: "inner", node, input: input.map((name) => ({ name })), output: output.map((name) => ({ name })), ...more } satisfies GraphInit,
});

const floatsOf = (...data: readonly number[]): Tensor => new Tensor("f32", [data.length], data);
const truth = (on: boolean): Tensor => new Tensor("boolean", [], [Number(on)]);
function run(parts: OnnxModelParts, ...inputs: readonly Tensor[]): { shape: readonly number[]; values: number[] }[] {
  const model = readOnnx(parts);
  verifyModel(model);
  return evaluateModel(model, inputs).map(({ shape, data }) => ({ shape, values: Array.from(data, Number) }));
}

const flag = value("flag", [], DataType.BOOL);

describe("If", () => {
  const branches = {
    inputs: [flag, value("x", [2]), value("k", [2])],
    initializers: [floats("three", [], [3])],
    nodes: [
      node("Relu", ["x"], ["r"]),
      node("If", ["flag"], ["y"], {
        // reads an input, an initializer and a node's output of the outer graph
        then_branch: graph([node("Mul", ["r", "three"], ["a"]), node("Add", ["a", "k"], ["b"])], ["b"]),
        else_branch: graph([node("Sub", ["x", "own"], ["c"])], ["c"], [], { initializer: [floats("own", [], [1])] }),
      }),
    ],
  };

  test("captures what its branches read from outside", () => {
    expect(run(branches, truth(true), floatsOf(-1, 2), floatsOf(10, 20))[0].values).toEqual([10, 26]);
    expect(run(branches, truth(false), floatsOf(-1, 2), floatsOf(10, 20))[0].values).toEqual([-2, 1]);
    const [made] = readOnnx(branches)
      .nodes()
      .filter((n) => n.type === "If");
    expect(made.bodies.map(({ model }) => model.inputs.map((i) => i.anyName))).toEqual([["r", "k"], ["x"]]);
    expect(made.inputs.map((i) => i.anyName)).toEqual(["flag", "r", "k", "x"]);
  });

  test("captures through several scopes, and once for both branches", () => {
    const inner = {
      then_branch: graph([node("Neg", ["x"], ["n"])], ["n"]),
      else_branch: graph([node("Add", ["x", "k"], ["s"])], ["s"]),
    };
    const parts = {
      inputs: [flag, value("x", [2]), value("k", [2])],
      nodes: [
        node("If", ["flag"], ["y"], {
          then_branch: graph([node("Not", ["flag"], ["off"]), node("If", ["off"], ["i"], inner)], ["i"]),
          else_branch: graph([node("Identity", ["x"], ["e"])], ["e"]),
        }),
      ],
    };
    expect(run(parts, truth(true), floatsOf(1, 2), floatsOf(5, 5))[0].values).toEqual([6, 7]);
    expect(run(parts, truth(false), floatsOf(1, 2), floatsOf(5, 5))[0].values).toEqual([1, 2]);
  });

  test("waits for what only its branches read, in whatever order the nodes stand", () => {
    expect(run({ ...branches, nodes: branches.nodes.toReversed() }, truth(true), floatsOf(1, 1), floatsOf(0, 0))[0].values).toEqual([3, 3]);
  });

  test("takes the branch that fits where the other cannot be, and a name of a function's attribute", () => {
    const parts: OnnxModelParts = {
      initializers: [int64s("no", [1], [0])],
      inputs: [value("x", [2])],
      domains: ["own"],
      functions: [
        {
          name: "Choose",
          domain: "own",
          input: ["v", "c"],
          output: ["w"],
          attribute: ["by"],
          opsetImport: [{ domain: "", version: 18n }],
          node: [
            node("Cast", ["c"], ["flag"], { to: DataType.BOOL }),
            node("If", ["flag"], ["w"], {
              then_branch: graph([node("Transpose", ["v"], ["t"], { perm: [2, 0, 1] })], ["t"]),
              else_branch: graph([node("LeakyRelu", ["v"], ["l"], { alpha: { refAttrName: "by", type: AttributeType.FLOAT } })], ["l"]),
            }),
          ],
        },
      ],
      nodes: [node("Choose", ["x", "no"], ["y"], { by: 0.5 }, { domain: "own" })],
    };
    expect(run(parts, floatsOf(-4, 2))[0].values).toEqual([-2, 2]);
  });
});

describe("Loop", () => {
  const body = graph(
    [
      node("Cast", ["i"], ["f"], { to: DataType.FLOAT }),
      node("Add", ["v", "f"], ["s"]),
      node("Mul", ["s", "k"], ["next"]),
      node("ReduceMax", ["next"], ["top"], { keepdims: 0 }),
      node("Less", ["top", "limit"], ["more"]),
      node("Identity", ["next"], ["all"]),
    ],
    ["more", "next", "all"],
    ["i", "on", "v"],
    { initializer: [floats("limit", [], [40])] },
  );
  const parts = (trips: string, condition: string): OnnxModelParts => ({
    inputs: [value("x", [2]), value("k", [2])],
    outputs: ["y", "ys"],
    initializers: [int64s("three", [], [3]), int64s("none", [], [0])],
    nodes: [node("Loop", [trips, condition, "x"], ["y", "ys"], { body })],
  });

  test("counts, hands on, stacks and stops", () => {
    const inputs = [floatsOf(1, 2), floatsOf(2, 2)];
    // (1,2) -> (2,4) -> (6,10) -> (16,24)
    expect(run(parts("three", ""), ...inputs)).toEqual([
      { shape: [2], values: [16, 24] },
      { shape: [3, 2], values: [2, 4, 6, 10, 16, 24] },
    ]);
    // without a trip count: until the maximum reaches 40
    expect(run(parts("", ""), ...inputs)[1].shape).toEqual([4, 2]);
    expect(run(parts("none", ""), ...inputs)).toEqual([
      { shape: [2], values: [1, 2] },
      { shape: [0, 2], values: [] },
    ]);
  });

  test("converts its body for the shapes of all iterations", () => {
    const grown = {
      inputs: [value("x", [1]), value("n", [], DataType.INT64)],
      nodes: [
        node("Loop", ["n", "", "x"], ["y"], {
          body: graph([node("Concat", ["v", "x"], ["w"], { axis: 0 }), node("Identity", ["c"], ["d"])], ["d", "w"], ["i", "c", "v"]),
        }),
      ],
    };
    expect(run(grown, floatsOf(7), new Tensor("i64", [], [3]))[0].values).toEqual([7, 7, 7, 7]);
  });

  test("refuses bodies of other numbers of inputs and outputs", () => {
    const wrong = (inputs: string[], outputs: string[]): string =>
      thrownBy(() =>
        readOnnx({
          nodes: [node("Loop", ["", "", "x"], ["y"], { body: graph([node("Identity", ["c"], ["d"])], outputs, inputs) }, { name: "loop" })],
        }),
      ).message;
    expect(wrong(["i", "c"], ["d", "d"])).toMatch(/Loop "loop".*wrong number of inputs; expected 3, got 2/);
    expect(wrong(["i", "c", "v"], ["d"])).toMatch(/too few outputs/);
  });
});

test("Scan walks axes in both directions and stacks on an axis of its own", () => {
  const parts = {
    inputs: [value("s", []), value("x", [2, 3])],
    outputs: ["last", "sums"],
    nodes: [
      node("Scan", ["s", "x"], ["last", "sums"], {
        num_scan_inputs: 1,
        scan_input_axes: [-1],
        scan_input_directions: [1],
        scan_output_axes: [-1],
        scan_output_directions: [1],
        body: graph(
          [node("ReduceSum", ["part"], ["p"], { keepdims: 0 }), node("Add", ["p", "sum"], ["next"]), node("Add", ["part", "sum"], ["row"])],
          ["next", "row"],
          ["sum", "part"],
        ),
      }),
    ],
  };
  expect(run(parts, new Tensor("f32", [], [100]), new Tensor("f32", [2, 3], [1, 2, 3, 10, 20, 30]))).toEqual([
    { shape: [], values: [166] },
    { shape: [2, 3], values: [156, 135, 103, 165, 153, 130] },
  ]);
});

test("operators of sub-graphs without a mapping are listed with the others", () => {
  const inside = graph([node("Frobnicate", ["x"], ["z"], {}, { name: "hidden" })], ["z"]);
  const error = thrownBy(() =>
    readOnnx({
      inputs: [flag, value("x", [2])],
      nodes: [node("If", ["flag"], ["a"], { then_branch: inside, else_branch: inside }), node("Twiddle", ["a"], ["y"])],
    }),
  );
  expect(error.code).toBe("UNSUPPORTED_OPERATION");
  expect(error.message).toMatch(/Frobnicate-18 \("hidden".*Twiddle-18/);
});

test("sub-graphs that are inside each other without end are refused", () => {
  let inner = graph([node("Relu", ["x"], ["z"])], ["z"]);
  for (let i = 0; i < 20; i++) inner = graph([node("If", ["flag"], ["z"], { then_branch: inner, else_branch: inner })], ["z"]);
  const parts = { inputs: [flag, value("x", [2])], nodes: [node("If", ["flag"], ["y"], { then_branch: inner, else_branch: inner })] };
  expect(["INVALID_MODEL", "UNSUPPORTED", "FORMAT"]).toContain(thrownBy(() => readOnnx(parts)).code);
});
