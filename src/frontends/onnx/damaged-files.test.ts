import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { TensorProto_DataLocation as DataLocation, TensorProto_DataType as DataType } from "../../formats/protobuf/generated/onnx_pb.ts";
import { Model } from "../../model/model.ts";
import { floats, int64s, node, onnxBytes, readOnnx, value } from "../../../test/support/onnx-model.ts";

/** A small network with each kind of thing that a file holds: typed, raw and external data, attributes, a shape sub-graph, a function. */
const bytes = onnxBytes({
  inputs: [value("x", ["N", 3, 8, 8])],
  nodes: [
    node("Conv", ["x", "w", "b"], ["c"], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], auto_pad: "NOTSET" }, { name: "conv" }),
    node("Clip", ["c", "low", "high"], ["r"]),
    node("MaxPool", ["r"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }),
    node("Resize", ["p", "", "scales"], ["u"], { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }),
    node("Shape", ["u"], ["shape"], { end: 1 }),
    node("Concat", ["shape", "rest"], ["target"], { axis: 0 }),
    node("Reshape", ["u", "target"], ["flat"]),
    node("Slice", ["flat", "from", "to"], ["part"]),
    node("Gemm", ["part", "m"], ["g"], { transB: 1, alpha: 0.5 }),
    node("Twice", ["g"], ["s"], {}, { domain: "custom" }),
    node("Softmax", ["s"], ["y"], { axis: -1 }),
  ],
  initializers: [
    floats(
      "w",
      [4, 3, 3, 3],
      Array.from({ length: 108 }, (_, i) => i / 100),
    ),
    { name: "b", dims: [4n], dataType: DataType.FLOAT, rawData: new Uint8Array(16) },
    floats("low", [], [0]),
    floats("high", [], [6]),
    floats("scales", [4], [1, 1, 2, 2]),
    int64s("rest", [1], [-1]),
    int64s("from", [2], [0, 0]),
    int64s("to", [2], [2 ** 40, 16]),
    {
      name: "m",
      dims: [5n, 16n],
      dataType: DataType.FLOAT,
      dataLocation: DataLocation.EXTERNAL,
      externalData: [
        { key: "location", value: "m.bin" },
        { key: "offset", value: "16" },
        { key: "length", value: "320" },
      ],
    },
  ],
  functions: [
    {
      name: "Twice",
      domain: "custom",
      input: ["a"],
      output: ["r"],
      opsetImport: [{ domain: "", version: 18n }],
      node: [node("Add", ["a", "a"], ["r"])],
    },
  ],
  domains: ["custom"],
});

/** Numbers of a linear congruential generator (Numerical Recipes), the same in each run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One to four bits flipped, bytes replaced, or the end cut off. */
function damage(source: Uint8Array, next: (below: number) => number): Uint8Array {
  let damaged: Uint8Array = source.slice();
  for (let i = 1 + next(4); i > 0; i--) {
    const at = next(damaged.length);
    const kind = next(10);
    if (kind < 6) damaged[at] ^= 1 << next(8);
    else if (kind < 9) damaged[at] = next(256);
    else damaged = damaged.subarray(0, Math.max(at, 1));
  }
  return damaged;
}

describe("damaged ONNX files", () => {
  const files = { "m.bin": new Uint8Array(336) };

  test("the file itself is read", () => {
    const [output] = readOnnx(bytes, files).outputs;
    expect(output.partialShape.toString()).toBe("[?,5]");
  });

  test("500 mutations are read, or refused with a typed error", () => {
    const next = generator(20260401);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 500; i++) {
      let outcome = "read";
      try {
        expect(readOnnx(damage(bytes, next), files)).toBeInstanceOf(Model);
      } catch (error) {
        if (!(error instanceof VintnerError) || error.code === "INTERNAL") throw error;
        outcome = error.code;
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // The generator must reach past the first check.
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(["read", "FORMAT", "INVALID_MODEL", "UNSUPPORTED_OPERATION"]));
  });

  test("every truncation is refused or leaves a whole model", () => {
    for (let length = 0; length < bytes.length; length += 7) {
      try {
        readOnnx(bytes.slice(0, length), files);
      } catch (error) {
        expect(error).toBeInstanceOf(VintnerError);
      }
    }
  });
});
