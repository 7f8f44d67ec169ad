import { describe, expect, test } from "vitest";
import { VintnerError } from "../src/common/errors.ts";
import { availableTargets } from "../src/devices/cpu/target-selection.ts";
import { irFrontend } from "../src/frontends/ir/ir-frontend.ts";
import { filesInMemory } from "../src/frontends/model-files.ts";
import { serializeModel } from "../src/ir/serialize-model.ts";
import { shapeSize } from "../src/common/shape.ts";
import { cloneModel } from "../src/model/clone.ts";
import type { Model } from "../src/model/model.ts";
import { Core } from "../src/runtime/core.ts";
import { Tensor } from "../src/tensor/tensor.ts";
import { optimize } from "../src/transformations/pipeline.ts";
import { rangeError } from "./support/model-cases.ts";
import { floats, int64s, node, type OnnxModelParts, readOnnx, value } from "./support/onnx-model.ts";

/*
 * Sizes in models are not to be believed. What no machine can hold is refused with an error that names the operation,
 * wherever it is noticed: while reading, optimizing, compiling or running, on every device and target.
 */

const perAxis = (name: string, last: number): ReturnType<typeof int64s> => int64s(name, [4], [1, 1, 1, last]);
const input = [value("x", [1, 1, 2, 2])];

/** Models of one input x [1,1,2,2] in which one length is n. */
const models: Readonly<Record<string, (n: number) => OnnxModelParts>> = {
  "ConstantOfShape, added to": (n) => ({
    inputs: input,
    nodes: [node("ConstantOfShape", ["shape"], ["c"]), node("Add", ["x", "c"], ["y"])],
    initializers: [int64s("shape", [4], [n, 1, 2, 2])],
  }),
  "ConstantOfShape, summed up": (n) => ({
    inputs: input,
    nodes: [node("ConstantOfShape", ["shape"], ["c"]), node("ReduceSum", ["c"], ["s"]), node("Add", ["x", "s"], ["y"])],
    initializers: [int64s("shape", [1], [n])],
  }),
  Expand: (n) => ({ inputs: input, nodes: [node("Expand", ["x", "shape"], ["y"])], initializers: [int64s("shape", [5], [n, 1, 1, 2, 2])] }),
  "Expand of a constant": (n) => ({
    inputs: input,
    nodes: [node("Expand", ["c", "shape"], ["e"]), node("Mul", ["x", "e"], ["y"])],
    initializers: [floats("c", [1], [2]), int64s("shape", [4], [n, 1, 2, 2])],
  }),
  Tile: (n) => ({ inputs: input, nodes: [node("Tile", ["x", "n"], ["y"])], initializers: [perAxis("n", n)] }),
  "Tile of a constant": (n) => ({
    inputs: input,
    nodes: [node("Tile", ["c", "n"], ["t"]), node("ReduceMax", ["t"], ["m"]), node("Add", ["x", "m"], ["y"])],
    initializers: [floats("c", [2], [1, 2]), int64s("n", [1], [n])],
  }),
  Pad: (n) => ({
    inputs: input,
    nodes: [node("Pad", ["x", "pads"], ["y"])],
    initializers: [int64s("pads", [8], [0, 0, 0, n, 0, 0, 0, 0])],
  }),
  "Pad, mode edge": (n) => ({
    inputs: input,
    nodes: [node("Pad", ["x", "pads"], ["y"], { mode: "edge" })],
    initializers: [int64s("pads", [8], [n, 0, 0, 0, 0, 0, 0, 0])],
  }),
  "Resize, nearest": (n) => ({
    inputs: input,
    nodes: [node("Resize", ["x", "", "", "sizes"], ["y"])],
    initializers: [int64s("sizes", [4], [1, 1, n, 2])],
  }),
  "Resize, linear": (n) => ({
    inputs: input,
    nodes: [node("Resize", ["x", "", "", "sizes"], ["y"], { mode: "linear" })],
    initializers: [int64s("sizes", [4], [1, 1, n, 2])],
  }),
  Range: (n) => ({
    inputs: input,
    nodes: [
      node("Range", ["zero", "n", "one"], ["r"]),
      node("ReduceSum", ["r"], ["s"]),
      node("Cast", ["s"], ["f"], { to: 1 }),
      node("Add", ["x", "f"], ["y"]),
    ],
    initializers: [int64s("zero", [], [0]), int64s("n", [], [n]), int64s("one", [], [1])],
  }),
  OneHot: (n) => ({
    inputs: input,
    nodes: [node("OneHot", ["i", "n", "values"], ["h"]), node("ReduceSum", ["h"], ["s"]), node("Add", ["x", "s"], ["y"])],
    initializers: [int64s("i", [1], [1]), int64s("n", [], [n]), floats("values", [2], [0, 1])],
  }),
  "Conv's pads": (n) => ({
    inputs: input,
    nodes: [node("Conv", ["x", "w"], ["y"], { pads: [n, 0, 0, 0] })],
    initializers: [floats("w", [1, 1, 1, 1], [1])],
  }),
  "ConvTranspose's strides": (n) => ({
    inputs: input,
    nodes: [node("ConvTranspose", ["x", "w"], ["y"], { strides: [n, 1] })],
    initializers: [floats("w", [1, 1, 1, 1], [1])],
  }),
  "MatMul of a column and a row": (n) => ({
    inputs: input,
    nodes: [
      node("Reshape", ["x", "column"], ["c"]),
      node("Reshape", ["x", "row"], ["r"]),
      node("Tile", ["c", "down"], ["cc"]),
      node("Tile", ["r", "right"], ["rr"]),
      node("MatMul", ["cc", "rr"], ["p"]),
      node("ReduceMean", ["p"], ["y"]),
    ],
    initializers: [
      int64s("column", [2], [4, 1]),
      int64s("row", [2], [1, 4]),
      int64s("down", [2], [Math.ceil(Math.sqrt(n)), 1]),
      int64s("right", [2], [1, Math.ceil(Math.sqrt(n))]),
    ],
  }),
};

const sizes = [2 ** 33, 2 ** 40, 2 ** 52, 2 ** 62];

function expectRefusal(error: unknown): void {
  expect(error).toBeInstanceOf(VintnerError);
  const { code, details } = error as VintnerError;
  expect(["INVALID_MODEL", "OUT_OF_MEMORY"]).toContain(code);
  expect(details.where, (error as VintnerError).message).toMatch(/^\w+ "/);
}

function run(model: Model, device: string, config: Record<string, string>): void {
  const compiled = new Core().compileModelSync(model, device, config);
  try {
    compiled.createInferRequest().infer([new Tensor("f32", [1, 1, 2, 2], [1, 2, 3, 4])]);
  } finally {
    compiled.dispose();
  }
}

const asIr = (model: Model): Model => {
  const { xml, bin } = serializeModel(model);
  return irFrontend.read(filesInMemory({ name: "net.xml", main: new TextEncoder().encode(xml), weights: bin }));
};

describe.each(Object.keys(models))("%s", (name) => {
  test.each(sizes)("%i", (n) => {
    const parts = models[name]?.(n) as OnnxModelParts;
    let read: Model;
    try {
      read = readOnnx(parts);
    } catch (error) {
      expectRefusal(error);
      return;
    }
    for (const model of [read, asIr(read)]) {
      try {
        optimize(cloneModel(model), { foldDecompression: true, useShapes: true });
      } catch (error) {
        expectRefusal(error);
      }
      for (const [device, config] of [["REFERENCE", {}] as const, ...availableTargets().map((t) => ["CPU", { CPU_TARGET: t }] as const)]) {
        let refused: unknown;
        try {
          run(model, device, config);
        } catch (error) {
          refused = error;
        }
        expectRefusal(refused);
      }
    }
  });
});

describe("open lengths", () => {
  test.each(["REFERENCE", "CPU"])("a length that only the data tell is checked on %s", (device) => {
    const model = readOnnx({
      inputs: [value("n", [4], 7)],
      nodes: [node("ConstantOfShape", ["n"], ["y"])],
    });
    const compiled = new Core().compileModelSync(model, device);
    const request = compiled.createInferRequest();
    const lengths = (...n: bigint[]): Tensor => new Tensor("i64", [4], BigInt64Array.from(n));
    expect(Object.values(request.infer([lengths(1n, 2n, 1n, 1n)]))[0]?.shape).toEqual([1, 2, 1, 1]);
    for (const n of [2n ** 40n, 2n ** 52n, 2n ** 62n])
      expect(() => request.infer([lengths(n, 1n, 2n, 1n)])).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/OUT_OF_MEMORY|INVALID_MODEL/) }),
      );
    compiled.dispose();
  });

  test.each(["REFERENCE", "CPU"])("the product of an input's lengths is checked on %s", (device) => {
    const model = readOnnx({
      inputs: [value("x", ["a", "b"])],
      nodes: [
        node("Reshape", ["x", "column"], ["c"]),
        node("Reshape", ["x", "row"], ["r"]),
        node("Mul", ["c", "r"], ["p"]),
        node("Reshape", ["p", "line"], ["l"]),
        node("Tile", ["l", "n"], ["t"]),
        node("ReduceMean", ["t"], ["y"]),
      ],
      initializers: [int64s("column", [2], [-1, 1]), int64s("row", [2], [1, -1]), int64s("line", [1], [-1]), int64s("n", [1], [2 ** 20])],
    });
    const compiled = new Core().compileModelSync(model, device);
    const request = compiled.createInferRequest();
    expect(() => request.infer([new Tensor("f32", [100, 100])])).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    compiled.dispose();
  });
});

test("an input larger than any memory is refused where memory is needed for it", () => {
  const model = readOnnx({ inputs: [value("x", [2 ** 24, 2 ** 24])], nodes: [node("Relu", ["x"], ["y"])] });
  for (const device of ["REFERENCE", "CPU"])
    expect(() => new Core().compileModelSync(model, device)).toThrow(/Parameter "x".*needs more memory than there is.*GiB/);
  expect(() => readOnnx({ inputs: [value("x", [2 ** 40, 2 ** 40])], nodes: [node("Relu", ["x"], ["y"])] })).toThrow(
    /Parameter "x".*larger than can be addressed/,
  );
});

describe("windows far larger than the data", () => {
  const far = 2 ** 31;
  const windows: Readonly<Record<string, OnnxModelParts>> = {
    "AveragePool along the height": { nodes: [node("AveragePool", ["x"], ["y"], { kernel_shape: [far, 1], pads: [far - 1, 0, 0, 0] })] },
    "AveragePool along the width": { nodes: [node("AveragePool", ["x"], ["y"], { kernel_shape: [1, far], pads: [0, far - 1, 0, 0] })] },
    "MaxPool along the width": { nodes: [node("MaxPool", ["x"], ["y"], { kernel_shape: [1, far], pads: [0, far - 1, 0, 0] })] },
    "Conv's dilation": {
      nodes: [node("Conv", ["x", "w"], ["y"], { pads: [far, 0, 0, 0], dilations: [far, 1] })],
      initializers: [floats("w", [1, 1, 2, 1], [1, 2])],
    },
    "depthwise Conv": {
      inputs: [value("x", [1, 2, 2, 70_000])],
      nodes: [node("Conv", ["x", "w"], ["y"], { group: 2 })],
      initializers: [
        // Sums of such numbers are exact in f32, whatever their order.
        floats(
          "w",
          [2, 1, 1, 66_000],
          Array.from({ length: 132_000 }, (_, i) => ((i % 7) - 3) / 1024),
        ),
      ],
    },
    "Resize of one axis": {
      inputs: [value("x", [1, 1, 2, 3])],
      nodes: [node("Resize", ["x", "", "", "sizes"], ["y"], { mode: "linear" })],
      initializers: [int64s("sizes", [4], [1, 1, 2, 100_000])],
    },
  };
  test.each(Object.entries(windows))("%s", (_, parts) => {
    const model = readOnnx({ inputs: [value("x", [1, 1, 4, 4])], ...parts });
    const shape = model.input().shape;
    const x = new Tensor(
      "f32",
      shape,
      Float32Array.from({ length: shapeSize(shape) }, (__, i) => (i % 5) - 2),
    );
    const run = (device: string, config: Record<string, string>): Tensor => {
      const compiled = new Core().compileModelSync(model, device, config);
      const [y] = Object.values(compiled.createInferRequest().infer([x]));
      compiled.dispose();
      return y as Tensor;
    };
    const expected = run("REFERENCE", {});
    for (const target of availableTargets())
      if (target !== "interpreter") expect(rangeError(run("CPU", { CPU_TARGET: target }), expected), target).toBeLessThanOrEqual(1e-5);
  });
});
