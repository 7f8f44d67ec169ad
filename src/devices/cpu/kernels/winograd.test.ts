import { describe, expect, it } from "vitest";
import { kernelRunners, largestDifference, seededFloats } from "./kernel-runners.fixture.ts";
import { packWinogradWeights, planWinograd, winogradKernel } from "./winograd.ts";

describe.each(kernelRunners)("Winograd convolutions for $name", ({ target, run }) => {
  it.each([
    { height: 8, width: 12, channels: 16, outputs: 32 },
    { height: 7, width: 10, channels: 32, outputs: 16 },
    { height: 3, width: 2, channels: 16, outputs: 64 },
  ])("$height x $width, $channels -> $outputs", (problem) => {
    const { height, width, channels, outputs } = problem;
    const plan = planWinograd(problem, target);
    if (plan === undefined) throw new Error("no plan");
    const input = seededFloats(height * width * channels, 1);
    const weights = seededFloats(outputs * channels * 9, 2);
    const bias = seededFloats(outputs, 3);
    const output = new Float32Array(height * width * outputs);
    run(winogradKernel(problem, plan, target), [input, packWinogradWeights(problem, plan.block, weights), bias, output]);
    const expected = output.map((_, i) => {
      const [o, x, y] = [i % outputs, Math.floor(i / outputs) % width, Math.floor(i / outputs / width)];
      let sum = bias[o];
      for (let ky = 0; ky < 3; ky++)
        for (let kx = 0; kx < 3; kx++) {
          const [iy, ix] = [y + ky - 1, x + kx - 1];
          if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
          for (let c = 0; c < channels; c++) sum += input[(iy * width + ix) * channels + c] * weights[(o * channels + c) * 9 + ky * 3 + kx];
        }
      return sum;
    });
    // Sums of 9 * channels products of numbers up to 1.
    expect(largestDifference(output, expected)).toBeLessThan(2e-4);
  });
});
