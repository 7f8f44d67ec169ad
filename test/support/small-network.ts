import { floats, node, onnxBytes, value } from "./onnx-model.ts";

/** Numbers between -1 and 1, times a scale. */
function numbers(count: number, seed: number, scale: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

const weights = (name: string, shape: readonly number[], seed: number): ReturnType<typeof floats> => {
  const count = shape.reduce((a, b) => a * b, 1);
  return floats(name, [...shape], numbers(count, seed, (6 / (count / shape[0])) ** 0.5));
};

/**
 * A classifier of the shape of LeNet as an ONNX file, with weights that mean nothing: `data` f32[1,3,32,32] to `fc3` f32[1,10].
 * For tests that need some network, whether or not real ones lie beside the project.
 */
export const classifierBytes = (): Uint8Array =>
  onnxBytes({
    inputs: [value("data", [1, 3, 32, 32])],
    outputs: ["fc3"],
    nodes: [
      node("Conv", ["data", "w1", "b1"], ["c1"]),
      node("Relu", ["c1"], ["r1"]),
      node("MaxPool", ["r1"], ["p1"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Conv", ["p1", "w2", "b2"], ["c2"]),
      node("Relu", ["c2"], ["r2"]),
      node("MaxPool", ["r2"], ["p2"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Flatten", ["p2"], ["f"]),
      node("Gemm", ["f", "w3", "b3"], ["fc1"], { transB: 1 }),
      node("Relu", ["fc1"], ["r3"]),
      node("Gemm", ["r3", "w4", "b4"], ["fc2"], { transB: 1 }),
      node("Relu", ["fc2"], ["r4"]),
      node("Gemm", ["r4", "w5", "b5"], ["fc3"], { transB: 1 }),
    ],
    initializers: [
      weights("w1", [6, 3, 5, 5], 1),
      weights("b1", [6], 2),
      weights("w2", [16, 6, 5, 5], 3),
      weights("b2", [16], 4),
      weights("w3", [120, 400], 5),
      weights("b3", [120], 6),
      weights("w4", [84, 120], 7),
      weights("b4", [84], 8),
      weights("w5", [10, 84], 9),
      weights("b5", [10], 10),
    ],
  });

/** A network as detectors are built: features at half the resolution, brought back and added. Odd sizes do not fit. */
export const pyramidBytes = (): Uint8Array =>
  onnxBytes({
    inputs: [value("x", ["N", 3, "H", "W"])],
    nodes: [
      node("MaxPool", ["x"], ["half"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Resize", ["half", "", "scales"], ["whole"], { mode: "nearest" }),
      node("Add", ["x", "whole"], ["y"]),
    ],
    initializers: [floats("scales", [4], [1, 1, 2, 2])],
  });

/** Values of pixels for an input of the classifier. */
export const classifierInput = (): Float32Array => Float32Array.from(numbers(3 * 32 * 32, 11, 1), (v) => Math.round((v + 1) * 127.5));
