import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../model/attribute.ts";
import { Model } from "../../../model/model.ts";
import { node, type Node } from "../../../model/node.ts";
import { constant } from "../../../ops/infrastructure/constant.ts";
import { parameter } from "../../../ops/infrastructure/parameter.ts";
import { result } from "../../../ops/infrastructure/result.ts";
import { findOperation } from "../../../ops/registry.ts";
import { shapeSize } from "../../../common/shape.ts";
import { PartialShape } from "../../../tensor/partial-shape.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { cpuDevice } from "../cpu-device.ts";
import { resolveConfig } from "../../property.ts";
import { compileSync, inferSync } from "../../synchronous.ts";
import type { Device } from "../../device.ts";
import { referenceDevice } from "../../reference/reference-device.ts";
import { availableTargets } from "../target-selection.ts";

const numbers = (shape: readonly number[], seed: number, scale: number): Float32Array => {
  let state = seed * 7919 + 17;
  return Float32Array.from(
    { length: shapeSize(shape) },
    () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1) * scale,
  );
};

interface Case {
  readonly type: "RNN" | "GRU" | "LSTM";
  readonly batch: number;
  readonly steps: number;
  readonly size: number;
  readonly units: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;

/** Data and states are inputs, weights constants. */
function build({ type, batch, steps, size, units, attributes = {} }: Case, sequence: boolean): Model {
  const directions = attributes["direction"] === "bidirectional" ? 2 : 1;
  const lead = sequence ? [directions] : [];
  const inputs = [
    [batch, ...(sequence ? [steps] : []), size],
    ...Array.from({ length: type === "LSTM" ? 2 : 1 }, () => [batch, ...lead, units]),
  ].map((shape, i) => parameter("f32", new PartialShape(shape), `x${i}`));
  const weights = (shape: readonly number[], seed: number) => constant("f32", [...numbers(shape, seed, 0.4)], shape);
  const rows = gates[type] * units;
  const biasRows = rows + (attributes["linear_before_reset"] === true ? units : 0);
  const operation = findOperation(`${type}${sequence ? "Sequence" : "Cell"}`, "opset16");
  if (operation === undefined) throw new Error(`there is no ${type}`);
  const made: Node = node(
    operation,
    [
      ...inputs.map((p) => p.outputs[0]),
      ...(sequence
        ? [
            constant(
              "i64",
              Array.from({ length: batch }, () => steps),
            ),
          ]
        : []),
      weights([...lead, rows, size], 1),
      weights([...lead, rows, units], 2),
      weights([...lead, biasRows], 3),
    ],
    { hidden_size: units, ...(sequence ? { direction: "forward" } : {}), ...attributes },
  );
  return new Model({ name: "recurrent", parameters: inputs, results: made.outputs.map((o, i) => result(o, `y${i}`)) });
}

function run(
  device: Device,
  model: Model,
  config: Readonly<Record<string, string | number | boolean>>,
): { outputs: Tensor[]; host: number } {
  const tensors = model.inputs.map(({ shape }, i) => new Tensor("f32", shape, numbers(shape, 40 + i, 1.5)));
  const executable = compileSync(device, model, resolveConfig(device.name, device.properties, { ...config, PERF_COUNT: true }));
  try {
    const request = executable.createRequest();
    const outputs = inferSync(request, tensors);
    return { outputs, host: request.profile().filter((p) => p.implementation.startsWith("host")).length };
  } finally {
    executable.dispose();
  }
}

const cases: readonly Case[] = [
  { type: "RNN", batch: 1, steps: 5, size: 7, units: 16 },
  { type: "RNN", batch: 3, steps: 2, size: 4, units: 5, attributes: { activations: ["relu"], clip: 1 } },
  { type: "GRU", batch: 1, steps: 6, size: 9, units: 17 },
  { type: "GRU", batch: 2, steps: 4, size: 8, units: 32, attributes: { linear_before_reset: true } },
  { type: "LSTM", batch: 1, steps: 7, size: 12, units: 40 },
  { type: "LSTM", batch: 5, steps: 3, size: 3, units: 1, attributes: { clip: 0.5 } },
  {
    type: "LSTM",
    batch: 1,
    steps: 1,
    size: 16,
    units: 128,
    attributes: { activations: ["hardsigmoid", "tanh", "relu"], activations_alpha: [0.3], activations_beta: [0.4] },
  },
];

const setups = availableTargets().flatMap((target) =>
  (target === "interpreter" ? [1] : [1, 2]).map((threads) => ({
    target,
    threads,
    config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads },
  })),
);

describe.each(setups)("recurrent operations on $target with $threads threads", ({ config }) => {
  const all = cases.flatMap((c) => [
    { name: `${c.type}Cell of ${c.batch}x${c.size}->${c.units}`, build: () => build(c, false) },
    ...["forward", "reverse", "bidirectional"].map((direction) => ({
      name: `${c.type}Sequence ${direction} of ${c.batch}x${c.steps}x${c.size}->${c.units} ${JSON.stringify(c.attributes ?? {})}`,
      build: () =>
        build(
          {
            ...c,
            attributes: { ...c.attributes, direction },
          },
          true,
        ),
    })),
  ]);
  it.each(all)("$name", ({ build: make }) => {
    const want = run(referenceDevice, make(), {});
    const got = run(cpuDevice, make(), config);
    expect(got.host).toBe(0);
    for (const [i, tensor] of want.outputs.entries()) {
      expect(got.outputs[i].shape).toEqual(tensor.shape);
      for (let e = 0; e < tensor.size; e++) expect(Math.abs(Number(got.outputs[i].data[e]) - Number(tensor.data[e]))).toBeLessThan(1e-5);
    }
  });
});
