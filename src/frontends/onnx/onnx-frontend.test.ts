import { describe, expect, test } from "vitest";
import type { Tensor } from "../../tensor/tensor.ts";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Model } from "../../model/model.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { filesInMemory } from "../model-files.ts";
import { onnxFrontend } from "./onnx-frontend.ts";
import { floats, int64s, node, onnxBytes, type OnnxModelParts, readOnnx, value } from "../../../test/support/onnx-model.ts";

const types = (model: Model): string[] => model.nodes().map((n) => n.type);

const failure = (...parameters: Parameters<typeof readOnnx>): VintnerError => thrownBy(() => readOnnx(...parameters));

describe("graphs", () => {
  test("inputs, outputs and nodes keep their names", () => {
    const model = readOnnx({
      nodes: [
        node("Relu", ["x"], ["a"], {}, { name: "first" }),
        node("Split", ["a"], ["b", "c"], { axis: 3 }),
        node("Add", ["b", "c"], ["y"]),
      ],
    });
    expect(model.name).toBe("graph");
    expect(model.inputs.map((i) => [i.node.friendlyName, [...i.names]])).toEqual([["x", ["x"]]]);
    expect(model.results.map((r) => r.friendlyName)).toEqual(["y/sink_port_0"]);
    expect([...model.outputs[0].names]).toEqual(["y"]);
    const named = model
      .nodes()
      .flatMap((n) => (["Relu", "Split", "Add"].includes(n.type) ? [[n.friendlyName, n.outputs.map((o) => [...o.names])]] : []));
    expect(named).toEqual([
      ["first", [["a"]]],
      ["c", [["b"], ["c"]]],
      ["y", [["y"]]],
    ]);
  });

  test("equal names of nodes get numbers, as OpenVINO gives them", () => {
    const model = readOnnx({
      nodes: [
        node("Relu", ["x"], ["a"], {}, { name: "n" }),
        node("Relu", ["a"], ["b"], {}, { name: "n_1" }),
        node("Relu", ["b"], ["c"], {}, { name: "n" }),
        node("Relu", ["c"], ["d"], {}, { name: "x" }),
        node("Abs", ["d"], ["y"], {}, { name: "n" }),
      ],
    });
    expect(model.nodes().map((n) => n.friendlyName)).toEqual(["x", "n", "n_1", "n_2", "x_1", "y", "y/sink_port_0"]);
  });

  test("nodes may come in any order", () => {
    const model = readOnnx({ nodes: [node("Exp", ["b"], ["y"]), node("Abs", ["a"], ["b"]), node("Relu", ["x"], ["a"])] });
    expect(types(model)).toEqual(["Parameter", "Relu", "Abs", "Exp", "Result"]);
  });

  test("an input that has an initializer is a constant", () => {
    const model = readOnnx({
      nodes: [node("Mul", ["x", "w"], ["y"])],
      inputs: [value("x", [2]), value("w", [2])],
      initializers: [floats("w", [2], [3, 4])],
    });
    expect(model.inputs.map((i) => i.anyName)).toEqual(["x"]);
    expect(Array.from(model.nodes().find((n) => n.type === "Constant")?.constant?.data as Float32Array)).toEqual([3, 4]);
  });

  test("dimensions keep their symbols through shape arithmetic", () => {
    const model = readOnnx({
      nodes: [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Concat", ["batch", "rest"], ["target"], { axis: 0 }),
        node("Reshape", ["x", "target"], ["y"]),
      ],
      inputs: [value("x", ["N", 3, "H"])],
      initializers: [int64s("zero", [1], [0]), int64s("rest", [1], [-1])],
    });
    const [batch] = model.outputs[0].partialShape.dimensions ?? [];
    expect(isKnown(batch) ? batch : String(batch.symbol)).toBe("N");
  });

  test("an input may have no rank", () => {
    expect(readOnnx({ nodes: [node("Relu", ["x"], ["y"])], inputs: [value("x", undefined)] }).outputs[0].partialShape.rank).toBeUndefined();
  });

  test("an output may be an input, an initializer or another name of a value", () => {
    const model = readOnnx({
      nodes: [node("Identity", ["x"], ["same"])],
      outputs: ["x", "w", "same"],
      initializers: [floats("w", [1], [1])],
    });
    expect(model.results.map((r) => [r.friendlyName, r.inputs[0].node.type])).toEqual([
      ["x/sink_port_0", "Parameter"],
      ["w/sink_port_0", "Constant"],
      ["same/sink_port_0", "Parameter"],
    ]);
    expect(model.input("x")).toBe(model.inputs[0]);
    expect(model.output("same").node).toBe(model.results[0]);
  });

  test("both names of the standard domain mean it", () => {
    expect(types(readOnnx({ nodes: [node("Relu", ["x"], ["y"], {}, { domain: "ai.onnx" })] }))).toContain("Relu");
  });
});

describe("tensors", () => {
  const constantOf = (
    tensor: Parameters<typeof readOnnx>[0] extends infer P ? Extract<P, OnnxModelParts>["initializers"] : never,
  ): unknown => {
    const model = readOnnx({ nodes: [], inputs: [], outputs: ["w"], initializers: tensor ?? [] });
    const constant = model.results[0].inputs[0].constant;
    return [constant?.elementType, Array.from(constant?.data as unknown as ArrayLike<unknown>)];
  };
  const dims = [2n];

  test.each([
    ["f32", { dataType: DataType.FLOAT, floatData: [1.5, -2] }, [1.5, -2]],
    ["f64", { dataType: DataType.DOUBLE, doubleData: [0.1, -2] }, [0.1, -2]],
    ["i64", { dataType: DataType.INT64, int64Data: [1n, -(2n ** 60n)] }, [1n, -(2n ** 60n)]],
    ["u64", { dataType: DataType.UINT64, uint64Data: [1n, 2n ** 63n] }, [1n, 2n ** 63n]],
    ["u32", { dataType: DataType.UINT32, uint64Data: [1n, 4294967295n] }, [1, 4294967295]],
    ["i32", { dataType: DataType.INT32, int32Data: [1, -7] }, [1, -7]],
    ["i16", { dataType: DataType.INT16, int32Data: [1, -7] }, [1, -7]],
    ["u8", { dataType: DataType.UINT8, int32Data: [1, 200] }, [1, 200]],
    ["boolean", { dataType: DataType.BOOL, int32Data: [1, 0] }, [1, 0]],
    ["f16", { dataType: DataType.FLOAT16, int32Data: [0x3c00, 0xc000] }, [0x3c00, 0xc000]],
    ["bf16", { dataType: DataType.BFLOAT16, int32Data: [0x3f80, 0xc000] }, [0x3f80, 0xc000]],
    ["f16", { dataType: DataType.FLOAT16, rawData: Uint8Array.of(0, 0x3c, 0, 0xc0) }, [0x3c00, 0xc000]],
    ["f32", { dataType: DataType.FLOAT, rawData: new Uint8Array(Float32Array.of(1.5, -2).buffer) }, [1.5, -2]],
  ])("%s elements %#", (type, tensor, elements) => {
    expect(constantOf([{ name: "w", dims, ...tensor }])).toEqual([type, elements]);
  });

  test("raw data that is aligned is not copied", () => {
    const weights = { name: "w", dataType: DataType.UINT8, dims: [5n], rawData: Uint8Array.of(1, 2, 3, 4, 5) };
    const bytes = onnxBytes({ nodes: [], inputs: [], outputs: ["w"], initializers: [weights] });
    expect(readOnnx(bytes).results[0].inputs[0].constant?.data.buffer).toBe(bytes.buffer);
  });

  test("large raw data that is not aligned is copied when it is read, wherever it lies", () => {
    const numbers = Float32Array.from({ length: 5000 }, (_, i) => i / 4);
    // Names of four lengths: at most one of them leaves the data aligned.
    const tensors = ["w", "ww", "www", "wwww"].map((name) => {
      const initializer = { name, dataType: DataType.FLOAT, dims: [5000n], rawData: new Uint8Array(numbers.buffer) };
      const bytes = onnxBytes({ nodes: [], inputs: [], outputs: [name], initializers: [initializer] });
      return readOnnx(bytes).results[0].inputs[0].constant as Tensor;
    });
    expect(tensors.filter((t) => t.isDeferred).length).toBeGreaterThanOrEqual(2);
    for (const tensor of tensors) expect(tensor.data).toEqual(numbers);
  });

  test("data must fill the shape", () => {
    const error = failure({ nodes: [], outputs: ["w"], initializers: [floats("w", [3], [1])] });
    expect(error.code).toBe("INVALID_MODEL");
    expect(error.message).toContain('tensor "w" (model.onnx)');
  });

  const external = (entries: Readonly<Record<string, string>>): OnnxModelParts => ({
    nodes: [],
    inputs: [],
    outputs: ["w"],
    initializers: [
      {
        name: "w",
        dataType: DataType.FLOAT,
        dims,
        dataLocation: DataLocation.EXTERNAL,
        externalData: Object.entries(entries).map(([key, text]) => ({ key, value: text })),
      },
    ],
  });
  const weights = new Uint8Array(Float32Array.of(9, 1.5, -2).buffer);

  test("external data is read from the file beside the model", () => {
    const model = readOnnx(external({ location: "./weights.bin", offset: "4", length: "8" }), { "weights.bin": weights });
    const data = model.results[0].inputs[0].constant?.data;
    expect(Array.from(data as Float32Array)).toEqual([1.5, -2]);
    expect(data?.buffer).toBe(weights.buffer);
  });

  test.each([
    [{ location: "weights.bin", offset: "8", length: "8" }, "FORMAT"],
    [{ location: "weights.bin", offset: "-4" }, "INVALID_MODEL"],
    [{ location: "weights.bin", offset: "x" }, "INVALID_MODEL"],
    [{ location: "weights.bin", length: "4" }, "INVALID_MODEL"],
    [{ location: "../weights.bin" }, "INVALID_MODEL"],
    [{ location: "/weights.bin" }, "INVALID_MODEL"],
    [{}, "INVALID_MODEL"],
  ])("external data %j fails with %s", (entries, code) => {
    expect(failure(external(entries), { "weights.bin": weights }).code).toBe(code);
  });
});

describe("functions of the model", () => {
  const domain = "custom";
  const scale = {
    name: "Scale",
    domain,
    input: ["a"],
    output: ["r"],
    attribute: ["alpha"],
    opsetImport: [{ domain: "", version: 18n }],
    node: [
      node("LeakyRelu", ["a"], ["l"], { alpha: { refAttrName: "alpha", type: AttributeType.FLOAT } }, { name: "leaky" }),
      node("Abs", ["l"], ["r"]),
    ],
  };
  const twice = {
    name: "Twice",
    domain,
    input: ["a", "unused"],
    output: ["r"],
    opsetImport: [
      { domain: "", version: 18n },
      { domain, version: 1n },
    ],
    node: [node("Scale", ["a"], ["m"], { alpha: 0.25 }, { domain, name: "inner" }), node("Scale", ["m"], ["r"], {}, { domain })],
  };

  test("calls are spelled out, with attributes of the call and names after it", () => {
    const model = readOnnx({
      nodes: [node("Twice", ["x"], ["y"], {}, { domain, name: "call" })],
      functions: [scale, twice],
      domains: [domain],
    });
    expect(types(model).filter((t) => t !== "Constant")).toEqual(["Parameter", "PRelu", "Abs", "PRelu", "Abs", "Result"]);
    expect(model.nodes().find((n) => n.type === "PRelu")?.friendlyName).toBe("call/inner/leaky");
    const slopes = model.nodes().flatMap((n) => (n.type === "PRelu" ? [n.inputs[1].constant?.data[0]] : []));
    expect(slopes[0]).toBe(0.25);
    expect(slopes[1]).toBeCloseTo(0.01);
    expect([...model.outputs[0].names]).toEqual(["y"]);
  });

  test("a function that calls itself is refused", () => {
    const endless = { ...twice, name: "Endless", node: [node("Endless", ["a"], ["r"], {}, { domain })] };
    const error = failure({ nodes: [node("Endless", ["x"], ["y"], {}, { domain })], functions: [endless], domains: [domain] });
    expect(error.code).toBe("INVALID_MODEL");
    expect(error.message).toContain("call each other");
  });

  test("operators inside functions are checked too", () => {
    const error = failure({
      nodes: [node("F", ["x"], ["y"], {}, { domain })],
      functions: [{ ...scale, name: "F", node: [node("Nowhere", ["a"], ["r"], {}, { name: "inside" })] }],
      domains: [domain],
    });
    expect(error.code).toBe("UNSUPPORTED_OPERATION");
    expect(error.message).toContain('Nowhere-18 ("inside")');
  });
});

describe("errors", () => {
  test("all operators that are not supported are listed with their nodes", () => {
    const error = failure({
      nodes: [
        node("Frobnicate", ["x"], ["a"], {}, { name: "lstm1" }),
        node("Frobnicate", ["a"], ["b"], {}, { name: "lstm2" }),
        node("Thing", ["b"], ["y"], {}, { domain: "org.example" }),
      ],
    });
    expect(error.code).toBe("UNSUPPORTED_OPERATION");
    expect(error.details.what).toBe('2 operators are not supported: Frobnicate-18 ("lstm1", "lstm2"); org.example.Thing-1 ("y")');
    expect(error.details.where).toBe("model.onnx");
    expect(error.details.hint).toBeDefined();
  });

  test.each<[string, OnnxModelParts, string]>([
    [
      "a value that nothing makes",
      { nodes: [node("Relu", ["nothing"], ["y"])] },
      'Relu "y" (model.onnx): nothing makes its input "nothing"',
    ],
    ["an output that nothing makes", { nodes: [] }, 'nothing makes the model\'s output "y"'],
    ["a cycle", { nodes: [node("Add", ["x", "y"], ["a"]), node("Relu", ["a"], ["y"])] }, "cycle"],
    ["two producers", { nodes: [node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])] }, 'two nodes have the output "y"'],
    ["a missing input", { nodes: [node("Add", ["x"], ["y"])] }, "input 1 is missing"],
    [
      "a missing attribute",
      { nodes: [node("MaxPool", ["x"], ["y"], {}, { name: "pool" })] },
      'MaxPool "pool" (model.onnx): attribute "kernel_shape" is missing',
    ],
    [
      "an attribute of the wrong type",
      { nodes: [node("Elu", ["x"], ["y"], { alpha: 1 })] },
      'attribute "alpha" has the wrong type; expected FLOAT, got INT',
    ],
    ["an axis out of range", { nodes: [node("Softmax", ["x"], ["y"], { axis: 4 })] }, "axis is out of range; expected -4 to 3, got 4"],
    [
      "weights that do not fit",
      { nodes: [node("Conv", ["x", "w"], ["y"], {}, { name: "conv1" })], initializers: [floats("w", [1, 4, 1, 1], [1, 2, 3, 4])] },
      'Conv "conv1" (model.onnx): input has 3 channels, weights expect 4 x group 1. Check attribute "group"',
    ],
    [
      "shapes that an operation refuses",
      { nodes: [node("Add", ["x", "w"], ["y"], {}, { name: "sum" })], initializers: [floats("w", [5], [1, 2, 3, 4, 5])] },
      'Add "sum" (model.onnx): ',
    ],
  ])("%s", (_, parts, message) => {
    const error = failure(parts);
    expect(error.code).toBe("INVALID_MODEL");
    expect(error.message).toContain(message);
  });

  test("truncated files say where they end", () => {
    const bytes = onnxBytes({ nodes: [node("Relu", ["x"], ["y"])] });
    const error = failure(bytes.subarray(0, bytes.length - 20));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toMatch(/at byte \d+/);
  });

  test("files of other kinds are not read as ONNX", () => {
    expect(failure(new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")).code).toBe("FORMAT");
    expect(failure(new Uint8Array(64)).code).toBe("FORMAT");
  });
});

describe("recognition", () => {
  const recognizes = (main: Uint8Array): boolean => onnxFrontend.detect(filesInMemory({ name: "model", main })) !== undefined;

  test("ONNX is told from other bytes", () => {
    expect(recognizes(onnxBytes({ nodes: [] }))).toBe(true);
    expect(recognizes(new TextEncoder().encode('<?xml version="1.0"?>'))).toBe(false);
    expect(recognizes(new Uint8Array())).toBe(false);
  });
});
