import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuDevice } from "../../src/devices/cpu/cpu-device.ts";
import { availableTargets } from "../../src/devices/cpu/target-selection.ts";
import type { Device } from "../../src/devices/device.ts";
import { resolveConfig } from "../../src/devices/property.ts";
import { compileSync, inferSync } from "../../src/devices/synchronous.ts";
import { referenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { Model } from "../../src/model/model.ts";
import type { Output } from "../../src/model/output.ts";
import { topologicalOrder } from "../../src/model/topological-order.ts";
import { printModel } from "../../src/model/print-model.ts";
import { type ElementType, isFloat } from "../../src/tensor/element-type.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tensorNumbers } from "../../src/tensor/tensor-numbers.ts";
import type { Value } from "./model-draft.ts";
import { randomModel, type Recipe } from "./random-model.ts";

/** Models of a fixed seed; in CI, fresh ones for as many seconds as VINTNER_FRESH_SEEDS says, for all targets together. */
const freshSeconds = Number(process.env["VINTNER_FRESH_SEEDS"] ?? 0);
const seed = freshSeconds > 0 ? Date.now() % 2 ** 31 : 20261124;
const modelsForEach = 120;

const drawn = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });
const recipe: fc.Arbitrary<Recipe> = fc.record({
  inputs: fc.array(fc.record({ type: drawn(14), shape: fc.array(drawn(14), { maxLength: 4 }) }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(
    fc.record({
      operation: drawn(999),
      picks: fc.array(drawn(9), { minLength: 3, maxLength: 3 }),
      parameters: fc.array(drawn(255), { minLength: 6, maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

const run = (device: Device, model: Model, config: Record<string, string | number>, inputs: readonly Tensor[]): Tensor[] => {
  const executable = compileSync(device, model, resolveConfig(device.name, device.properties, config));
  try {
    const request = executable.createRequest();
    const first = inferSync(request, inputs);
    // The memory of the first inference must not show in the second.
    const second = inferSync(request, inputs);
    for (const [i, tensor] of second.entries())
      expect(tensor.bytes, `output ${i} differs from one inference to the next`).toEqual(first[i].bytes);
    return second;
  } finally {
    executable.dispose();
  }
};

/** What rounding explains, as a share of an output's largest magnitude: sums in another order, elementary functions by polynomials. */
const relativeTolerance = (type: ElementType): number => (type === "bf16" ? 4e-2 : type === "f16" ? 5e-3 : 1e-4);

/** That of the shortest float that an output is computed from: a device may compute in a wider one, and round less often. */
const toleranceOf = (output: Output): number =>
  Math.max(...topologicalOrder([output.node]).flatMap((n) => n.outputs.map((o) => relativeTolerance(o.elementType))));

/** The first element that differs by more than rounding explains. `bound`: of what the output was computed from. */
function difference(got: Tensor, want: Tensor, { exact, bound }: Value, relative: number): string | undefined {
  if (got.elementType !== want.elementType || got.shape.join() !== want.shape.join())
    return `${got.elementType}[${got.shape}] instead of ${want.elementType}[${want.shape}]`;
  const [a, b] = [tensorNumbers(got), tensorNumbers(want)];
  let most = 0;
  for (const x of b) if (Number.isFinite(x)) most = Math.max(most, Math.abs(x));
  const allowed = exact || !isFloat(want.elementType) ? 0 : relative * most + 2e-7 * bound;
  for (let i = 0; i < b.length; i++)
    if (!(a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i])) || Math.abs(a[i] - b[i]) <= allowed))
      return `element ${i} is ${a[i]} instead of ${b[i]}, with ${allowed} allowed`;
  return undefined;
}

const setups = availableTargets().flatMap((target) =>
  (target === "interpreter" ? [1] : [1, 3]).map((threads) => ({
    target,
    threads,
    config: { CPU_TARGET: target, INFERENCE_NUM_THREADS: threads },
  })),
);

describe(`random models, seed ${seed}`, () => {
  it.each(setups)("give on $target with $threads threads what REFERENCE gives", ({ config }) => {
    fc.assert(
      fc.property(recipe, (r) => {
        const random = randomModel(r);
        const values = random.outputs;
        // Before a device rewrites the model.
        const tolerances = values.map((v) => toleranceOf(v.output));
        const model = random.model();
        const inputs = random.inputs();
        const text = printModel(model);
        const want = run(referenceDevice, randomModel(r).model(), {}, inputs);
        const got = run(cpuDevice, model, config, inputs);
        for (const [i, value] of values.entries()) {
          const problem = difference(got[i], want[i], value, tolerances[i]);
          if (problem !== undefined) throw new Error(`output ${i}: ${problem}\n${text}`);
        }
      }),
      {
        seed,
        ...(freshSeconds > 0
          ? { numRuns: 1_000_000, interruptAfterTimeLimit: (freshSeconds * 1000) / setups.length, markInterruptAsFailure: false }
          : { numRuns: modelsForEach }),
      },
    );
  });
});
