import { describe, expect, it } from "vitest";
import { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { opset } from "../opset.ts";
import { Core } from "../runtime/core.ts";
import { type ElementType, elementTypes, isFloat } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import { availableTargets } from "./cpu/target-selection.ts";

const ints = (...values: number[]): Node => opset.constant("i64", BigInt64Array.from(values, BigInt), [values.length]);
const shape = [2, 3, 5, 7];
const size = 210;

const moved: readonly ElementType[] = ["boolean", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f16", "bf16", "f32", "f64"];
const numeric = moved.filter((t) => t !== "boolean");

/** Bits of all kinds: the ends of the type's range, and numbers that narrower types do not hold. */
function everyBit(type: ElementType): Tensor {
  const bytes = new Uint8Array(size * (elementTypes[type].bits / 8));
  for (let i = 0, state = 12345; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = type === "boolean" ? state >>> 31 : state >>> 24;
  }
  const { array } = elementTypes[type];
  return new Tensor(type, shape, new array(bytes.buffer, 0, size));
}

/** Numbers for arithmetic: small ones, and for integers the ends of the range. */
function numbers(type: ElementType, seed: number): Tensor {
  const { bits, kind } = elementTypes[type];
  const least = kind === "signed" ? -(2 ** (bits - 1)) : 0;
  const most = kind === "signed" ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const ends = isFloat(type)
    ? [-2.5, 100, 0, 0.5]
    : type === "boolean"
      ? [0, 1, 1, 0]
      : bits === 64
        ? [-(2 ** 31) - 5, 2 ** 40, 0, 2 ** 31]
        : [least, most, 0, most - 1];
  return tensorOfNumbers(
    type,
    shape,
    Array.from({ length: size }, (_, i) => {
      const pick = (i * 7 + seed * 13) % 11;
      if (pick < 4) return kind === "unsigned" ? Math.max(0, ends[pick]) : ends[pick];
      return type === "boolean" ? pick % 2 : pick - (kind === "unsigned" || pick < 8 ? 0 : 10);
    }),
  );
}

interface Case {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly build: (...inputs: Node[]) => readonly (Node | Output)[];
  /** Share of the largest magnitude that results may differ by; the bits are the same without. */
  readonly tolerance?: number;
}

const movements = moved.map((type): Case => ({
  name: `moves of ${type}`,
  inputs: [everyBit(type)],
  build: (x) => [
    opset.transpose(x, ints(0, 2, 3, 1)),
    opset.transpose(x, ints(3, 1, 0, 2)),
    opset.concat([x, x], { axis: 1 }),
    opset.concat([opset.transpose(x, ints(0, 1, 3, 2)), opset.transpose(x, ints(0, 1, 3, 2))], { axis: 3 }),
    opset.slice(x, ints(1, 0), ints(3, 7), ints(1, 3), ints(2, 3)),
    opset.split(x, opset.constant("i64", 1), { num_splits: 3 }).outputs[1],
    opset.reshape(opset.transpose(x, ints(1, 0, 2, 3)), ints(6, 35), { special_zero: false }),
    opset.broadcast(opset.slice(x, ints(0), ints(1), ints(1), ints(1)), ints(2, 4, 5, 7), { mode: "numpy" }),
    opset.pad(x, ints(0, 1, 0, 2), ints(1, 0, 0, 1), { pad_mode: "constant" }),
    opset.pad(x, ints(0, 0, 1, 0), ints(0, 0, 0, 1), opset.constant(type, 1), { pad_mode: "constant" }),
    opset.pad(x, ints(0, -1, 2, 3), ints(1, 0, -2, -8), { pad_mode: "constant" }),
    opset.pad(x, ints(0, 1, 0, 2), ints(1, 0, 3, 6), { pad_mode: "reflect" }),
    opset.pad(x, ints(2, 0, 0, 5), ints(0, 0, 5, 7), { pad_mode: "symmetric" }),
    opset.pad(x, ints(3, 0, 0, 2), ints(0, 4, 0, 9), { pad_mode: "edge" }),
    opset.gather(x, opset.constant("i64", BigInt64Array.of(4n, 0n, -1n, 2n), [2, 2]), opset.constant("i64", 2)),
    opset.tile(x, ints(1, 2, 1, 3)),
    x,
  ],
}));

const conversions = moved.map((type): Case => ({
  name: `conversions of ${type}`,
  inputs: [numbers(type, 1)],
  build: (x) => moved.filter((to) => to !== type).map((to) => opset.convert(x, { destination_type: to })),
}));

const arithmetic = numeric.map((type): Case => ({
  name: `arithmetic of ${type}`,
  inputs: [numbers(type, 1), numbers(type, 2)],
  ...(isFloat(type) && { tolerance: type === "bf16" ? 2e-2 : type === "f16" ? 2e-3 : 1e-6 }),
  build: (x, y) => {
    const sum = opset.add(x, y);
    return [
      sum,
      opset.multiply(opset.subtract(x, y), y),
      opset.maximum(opset.minimum(x, y), opset.constant(type, 3)),
      opset.less(sum, x),
      opset.select(opset.greaterEqual(opset.add(sum, y), x), sum, y),
      opset.convert(opset.add(sum, sum), { destination_type: "f32" }),
      opset.relu(opset.subtract(y, x)),
      opset.clamp(x, { min: 1, max: 100 }),
      ...(elementTypes[type].kind === "unsigned" ? [] : [opset.abs(x), opset.negative(x), opset.sign(x)]),
      ...(isFloat(type) ? [] : [opset.mod(x, opset.constant(type, 3)), opset.floorMod(x, opset.constant(type, 3)), opset.divide(x, y)]),
    ];
  },
}));

const reductions = numeric.map((type): Case => ({
  name: `reductions of ${type}`,
  inputs: [numbers(type, 3)],
  ...(isFloat(type) && { tolerance: type === "bf16" ? 2e-2 : type === "f16" ? 2e-3 : 1e-6 }),
  build: (x) => [
    opset.reduceMax(x, ints(1), { keep_dims: true }),
    opset.reduceMin(x, ints(2, 3), { keep_dims: false }),
    opset.reduceSum(x, ints(3), { keep_dims: true }),
    opset.reduceSum(x, ints(0, 1), { keep_dims: false }),
    opset.maxPool(x, { kernel: [2, 2], strides: [1, 2], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] }).outputs[0],
  ],
}));

const mixed: readonly Case[] = [
  {
    name: "an image of bytes normalized, and quantized again",
    inputs: [numbers("u8", 4)],
    tolerance: 1e-6,
    build: (x) => {
      const floats = opset.multiply(
        opset.subtract(opset.convert(x, { destination_type: "f32" }), opset.constant("f32", 127)),
        opset.constant("f32", 1 / 64),
      );
      const weights = opset.constant(
        "f32",
        Array.from({ length: 12 }, (_, i) => (i % 5) / 4),
        [4, 3, 1, 1],
      );
      const conv = opset.convolution(floats, weights, { strides: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] });
      const steps = opset.round(opset.multiply(conv, opset.constant("f32", 32)));
      return [
        floats,
        opset.convert(opset.clamp(steps, { min: -128, max: 127 }), { destination_type: "i8" }),
        opset.greater(conv, opset.constant("f32", 0.5)),
        opset.convert(
          opset.greater(
            opset.maxPool(floats, { kernel: [2, 2], strides: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] }).outputs[0],
            opset.constant("f32", 0),
          ),
          { destination_type: "u8" },
        ),
      ];
    },
  },
  {
    name: "comparisons of matrix products",
    inputs: [
      tensorOfNumbers(
        "f32",
        [5, 4],
        Array.from({ length: 20 }, (_, i) => (i % 7) - 3),
      ),
    ],
    build: (x) => [
      opset.less(
        opset.matMul(
          x,
          opset.constant(
            "f32",
            Array.from({ length: 12 }, (_, i) => i - 6),
            [4, 3],
          ),
        ),
        opset.constant("f32", 2),
      ),
      opset.greater(opset.softmax(x, { axis: 1 }), opset.constant("f32", 0.25)),
      opset.greater(opset.mvn(x, ints(1), { normalize_variance: true, eps: 1e-5, eps_mode: "inside_sqrt" }), opset.constant("f32", 0.25)),
    ],
  },
  {
    name: "logic of booleans",
    inputs: [everyBit("boolean"), numbers("boolean", 1)],
    build: (x, y) => [
      opset.logicalAnd(x, opset.logicalNot(y)),
      opset.logicalXor(x, y),
      opset.equal(x, y),
      opset.select(x, opset.constant("i32", 2 ** 24 + 1), opset.constant("i32", -5)),
      opset.select(x, opset.convert(y, { destination_type: "u8" }), opset.constant("u8", 200)),
      opset.reduceLogicalOr(x, ints(1), { keep_dims: false }),
    ],
  },
];

/** Numbers that differ in one half, in a half's sign or at the ends of the type's range. */
function neighbours(type: "u32" | "i64" | "u64", step: number): Tensor {
  const words = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1];
  const { array, bits } = elementTypes[type];
  const upper = (i: number): number => words[Math.floor(i / 6) % 6];
  const pairs = Uint32Array.from({ length: size * (bits / 32) }, (_, i) =>
    bits === 32 ? words[(i * step) % 6] : i % 2 === 0 ? words[((i / 2) * step) % 6] : upper(((i - 1) / 2) * step),
  );
  return new Tensor(type, shape, new array(pairs.buffer as ArrayBuffer, 0, size));
}

const comparisons = (["u32", "i64", "u64"] as const).map((type): Case => ({
  name: `comparisons of ${type}`,
  inputs: [neighbours(type, 1), neighbours(type, 5)],
  build: (x, y) => {
    const turned = opset.transpose(y, ints(0, 2, 3, 1));
    const row = opset.slice(y, ints(0), ints(1), ints(1), ints(0));
    return [
      ...[opset.equal, opset.notEqual, opset.less, opset.lessEqual, opset.greater, opset.greaterEqual].flatMap((compare) => [
        compare(x, y),
        compare(x, row),
        compare(x, opset.constant(type, 1)),
        compare(opset.transpose(turned, ints(0, 3, 1, 2)), x),
      ]),
      opset.select(opset.less(x, y), opset.constant("f32", 1), opset.constant("f32", 2)),
    ];
  },
}));

const window = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };

/** Networks in types that registers do not compute in. */
const short = (["f16", "bf16"] as const).map((type): Case => ({
  name: `a network in ${type}`,
  inputs: [numbers(type, 5)],
  tolerance: type === "f16" ? 5e-3 : 4e-2,
  build: (x) => {
    const weights = opset.constant(
      type,
      Array.from({ length: 108 }, (_, i) => ((i * 5) % 7) / 16),
      [4, 3, 3, 3],
    );
    const bias = opset.constant(type, [0.5, -0.5, 0.25, 1], [1, 4, 1, 1]);
    const y = opset.relu(opset.add(opset.convolution(x, weights, window), bias));
    const pooled = opset.reduceMean(y, ints(2, 3), { keep_dims: true });
    return [
      y,
      opset.sigmoid(opset.multiply(y, pooled)),
      opset.convert(opset.greater(y, pooled), { destination_type: type }),
      opset.softmax(y, { axis: 1 }),
    ];
  },
}));

const gathers = (["i64", "i32", "u8"] as const).map((type): Case => ({
  name: `rows picked by indices of ${type}`,
  inputs: [
    everyBit("f32"),
    everyBit("u8"),
    tensorOfNumbers(type, [2, 4], type === "u8" ? [0, 4, 1, 200, 3, 3, 2, 255] : [0, 4, -1, -5, 5, -6, 2, 2 ** 31 - 1]),
  ],
  build: (x, bytes, at) => [
    opset.gather(x, at, opset.constant("i64", 2)),
    opset.gather(x, at, opset.constant("i64", 0)),
    opset.gather(opset.transpose(x, ints(3, 2, 0, 1)), at, opset.constant("i64", -1)),
    opset.gather(bytes, at, opset.constant("i64", 1)),
    opset.gather(opset.reshape(bytes, ints(210), { special_zero: false }), at, opset.constant("i64", 0)),
  ],
}));

const composites: readonly Case[] = [
  {
    name: "composite operations",
    inputs: [
      numbers("f32", 6),
      tensorOfNumbers(
        "f32",
        [1, 16, 4, 6],
        Array.from({ length: 384 }, (_, i) => (i % 17) - 8),
      ),
    ],
    tolerance: 1e-6,
    build: (x, y) => [
      opset.pRelu(x, opset.constant("f32", [0.1, -0.5, 2], [3])),
      opset.pRelu(
        opset.convolution(
          y,
          opset.constant(
            "f32",
            Array.from({ length: 64 }, (_, i) => (i % 5) - 2),
            [4, 16, 1, 1],
          ),
          { ...window, pads_begin: [0, 0], pads_end: [0, 0] },
        ),
        opset.constant("f32", 0.25),
      ),
      opset.depthToSpace(y, { block_size: 2, mode: "depth_first" }),
      opset.depthToSpace(y, { block_size: 2, mode: "blocks_first" }),
      opset.spaceToDepth(y, { block_size: 2, mode: "depth_first" }),
      opset.spaceToDepth(y, { block_size: 2, mode: "blocks_first" }),
      opset.shuffleChannels(y, { axis: 1, group: 4 }),
      opset.normalizeL2(y, ints(1), { eps: 1e-6, eps_mode: "add" }),
      opset.normalizeL2(x, ints(2, 3), { eps: 1e-6, eps_mode: "max" }),
      opset.maximum(y, opset.multiply(y, opset.constant("f32", 0.1))),
    ],
  },
];

function run(device: string, config: Record<string, string | number>, { inputs, build }: Case): Tensor[] {
  const parameters = inputs.map((t, i) => opset.parameter(t.elementType, t.shape, `x${i}`));
  const results = build(...parameters).map((o, i) => opset.result(o, `y${i}`));
  const compiled = new Core().compileModelSync(new Model({ name: "types", parameters, results }), device, config);
  try {
    const outputs = Object.values(compiled.createInferRequest().infer(inputs));
    expect(outputs.length).toBe(results.length);
    return outputs;
  } finally {
    compiled.dispose();
  }
}

const setups = availableTargets().flatMap((target) =>
  (target === "interpreter" ? [1] : [1, 2]).map((threads) => ({
    name: `${target} with ${threads} threads`,
    config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads },
  })),
);

describe.each(setups)("types on $name", ({ config }) => {
  it.each([...movements, ...conversions, ...arithmetic, ...comparisons, ...reductions, ...mixed, ...short, ...gathers, ...composites])(
    "$name",
    (c) => {
      const want = run("REFERENCE", {}, c);
      const got = run("CPU", config, c);
      for (const [i, expected] of want.entries()) {
        expect(got[i].elementType).toBe(expected.elementType);
        expect(got[i].shape).toEqual(expected.shape);
        if (c.tolerance === undefined || !isFloat(expected.elementType)) expect(got[i].data, `output ${i}`).toEqual(expected.data);
        else {
          const [a, b] = [tensorNumbers(got[i]), tensorNumbers(expected)];
          const bound = c.tolerance * Array.from(b).reduce((most, v) => Math.max(most, Math.abs(v)), 1);
          for (let e = 0; e < b.length; e++)
            expect(Math.abs(a[e] - b[e]), `output ${i}, element ${e}: ${a[e]}, wanted ${b[e]}`).toBeLessThanOrEqual(bound);
        }
      }
    },
  );
});
