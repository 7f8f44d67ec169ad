import { expect, test } from "vitest";
import { Model } from "../../../model/model.ts";
import type { Node } from "../../../model/node.ts";
import { opset } from "../../../opset.ts";
import { Core } from "../../../runtime/core.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { findDevice } from "../../registry.ts";
import { availableTargets, createEngine } from "../target-selection.ts";

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly columns: number;
  readonly type: "u8" | "i8";
  /** The largest weight: up to 64 all targets have a cheap dot product. */
  readonly most: number;
  readonly transposed?: boolean;
  readonly epilogue?: (product: Node) => Node;
}

const cases: readonly Case[] = [
  { name: "u8 by weights of six bits", shape: [6, 37], columns: 50, type: "u8", most: 63 },
  { name: "u8 by weights of eight bits", shape: [6, 64], columns: 48, type: "u8", most: 127 },
  { name: "i8 by transposed weights", shape: [1, 5, 33], columns: 40, type: "i8", most: 60, transposed: true },
  {
    name: "batches, with a bias and another tensor behind",
    shape: [2, 3, 40],
    columns: 36,
    type: "u8",
    most: 64,
    epilogue: (product) =>
      opset.relu(
        opset.add(
          product,
          opset.multiply(
            product,
            constant([36], (i) => i * 0.01),
          ),
        ),
      ),
  },
];

const constant = (shape: readonly number[], f: (i: number) => number): Tensor =>
  new Tensor(
    "f32",
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => f(i)),
  );
const scalar = (value: number): Tensor => constant([], () => value);

/** QuantizeLinear, DequantizeLinear, MatMul with dequantized weights, as exporters write it. */
function quantized({ shape, columns, type, most, transposed = false, epilogue = (product) => product }: Case): Model {
  const [scale, zero, low] = type === "u8" ? [0.02, 121, 0] : [0.03, 3, -128];
  const x = opset.parameter("f32", [...shape], "x");
  const numbers = opset.clamp(opset.round(opset.add(opset.divide(x, scalar(scale)), scalar(zero)), { mode: "half_to_even" }), {
    min: low,
    max: low + 255,
  });
  const bytes = opset.convert(numbers, { destination_type: type });
  const data = opset.multiply(opset.subtract(opset.convert(bytes, { destination_type: "f32" }), scalar(zero)), scalar(scale));
  const depth = shape[shape.length - 1];
  const integers = Int8Array.from({ length: depth * columns }, (_, i) => ((i * 7919) % (2 * most + 1)) - most);
  const weights = opset.multiply(
    opset.convert(new Tensor("i8", transposed ? [columns, depth] : [depth, columns], integers), { destination_type: "f32" }),
    constant(transposed ? [columns, 1] : [columns], (i) => 0.001 * (i + 1)),
  );
  const product = opset.matMul(data, weights, { transpose_a: false, transpose_b: transposed });
  return new Model({ name: "quantized", parameters: [x], results: [opset.result(epilogue(product), "y")] });
}

test.each(availableTargets().flatMap((target) => cases.map((c) => ({ target, ...c }))))("$name on $target", (c) => {
  const model = quantized(c);
  const input = constant(c.shape, (i) => Math.sin(i * 0.37) * 4);
  const core = new Core();
  const want = core.compileModelSync(model, "REFERENCE").createInferRequest().infer([input])["y"].data as Float32Array;
  const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: c.target, INFERENCE_NUM_THREADS: 2 });
  const got = compiled.createInferRequest().infer([input])["y"].data as Float32Array;
  compiled.dispose();
  expect(got).toHaveLength(want.length);
  const range = Math.max(...want) - Math.min(...want);
  for (const [i, v] of want.entries()) expect(Math.abs(got[i] - v), `element ${i}`).toBeLessThan(1e-6 * range);
  // Integers where that is faster: with an instruction for it, or by weights that allow the cheap sequence.
  const engine = createEngine(c.target, 1);
  const isFast = engine.target.dotU8I8 === "native" || c.most <= 64;
  engine.dispose();
  const steps = findDevice("CPU").inspect?.(model, "lowered", configOf(c.target)) ?? "";
  expect(steps.includes("integer product"), steps).toBe(isFast);
});

const configOf = (target: string): Record<string, string | number | boolean> => ({
  CPU_TARGET: target,
  INFERENCE_NUM_THREADS: 1,
  MAX_MEMORY_SIZE: 2 ** 32,
});
