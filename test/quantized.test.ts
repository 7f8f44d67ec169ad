import { describe, expect, test } from "vitest";
import type { Tensor } from "../src/tensor/tensor.ts";
import { tensorNumbers } from "../src/tensor/tensor-numbers.ts";
import { modelsPresent, rangeError } from "./support/model-cases.ts";
import { quantizedCases, quantizedPieces } from "./support/quantized-models.ts";
import { runModel } from "./support/run-model.ts";

/*
 * Where a value lies between two steps of a FakeQuantize, a last bit decides which one it becomes, and the layers behind it make
 * many such steps of one: in deep networks single outputs differ by half of their range between any two engines, though each layer
 * is right. So each piece between FakeQuantizes is compared on the same numbers, strictly (test/interop does the same with the real
 * OpenVINO), and whole networks in the mean.
 */

/** The mean difference, as a share of the range of the values that are wanted; infinite where a number is missing. */
function meanError(got: Tensor, want: Tensor): number {
  if (got.shape.join() !== want.shape.join()) return Number.POSITIVE_INFINITY;
  const [a, b] = [tensorNumbers(got), tensorNumbers(want)];
  let [low, high, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < b.length; i++) {
    low = Math.min(low, b[i]);
    high = Math.max(high, b[i]);
    sum += Math.abs(a[i] - b[i]);
  }
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum / b.length / (high - low || 1);
}

describe.skipIf(!modelsPresent)(`quantized networks${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  test.each(quantizedCases)("$name, piece by piece on CPU", (quantized) => {
    const { pieces, given } = quantizedPieces(quantized);
    expect(given.length).toBeGreaterThan(10);
    const [reference, cpu] = ["REFERENCE", "CPU"].map((device) => runModel(pieces, device, given)) as [Tensor[], Tensor[]];
    for (const [i, want] of reference.entries()) expect(rangeError(cpu[i] as Tensor, want), `output ${i}`).toBeLessThanOrEqual(1e-5);
  });

  for (const device of ["REFERENCE", "CPU"])
    test.each(quantizedCases)(`$name, whole, in the mean on ${device}`, ({ path, inputs, outputs, arrays }) => {
      const expected = arrays();
      const got = runModel(
        path,
        device,
        inputs.map(({ key }) => expected.get(key) as Tensor),
      );
      for (const [i, { name, key }] of outputs.entries())
        expect(meanError(got[i] as Tensor, expected.get(key) as Tensor), name).toBeLessThanOrEqual(1e-3);
    });
});
