import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import type { ResamplingRule } from "../../ops/nn/resampling.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { resamplingAxis } from "./resampling-axis.ts";

const arbitraryRule: fc.Arbitrary<ResamplingRule> = fc.record({
  mode: fc.constantFrom("nearest", "linear", "linear_onnx", "cubic"),
  coordinateTransformation: fc.constantFrom("half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners"),
  nearestMode: fc.constantFrom("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple"),
  cubeCoefficient: fc.constant(-0.75),
  widened: fc.constant(false),
});
const length = fc.integer({ min: 1, max: 12 });
const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7) + i / 5);

/** Interpolate along one axis by its definition, by sizes or by a scale. */
function reference(rule: ResamplingRule, input: Float32Array, size: number, scale: number | undefined): number[] {
  const x = opset.parameter("f32", [1, 1, 1, input.length], "x");
  const target = scale === undefined ? opset.constant("i64", [size]) : opset.constant("f32", [scale]);
  const y = opset.interpolate(x, target, opset.constant("i64", [3]), {
    mode: rule.mode,
    shape_calculation_mode: scale === undefined ? "sizes" : "scales",
    coordinate_transformation_mode: rule.coordinateTransformation,
    nearest_mode: rule.nearestMode,
    cube_coeff: rule.cubeCoefficient,
  });
  const model = new Model({ name: "resize", parameters: [x], results: [opset.result(y, "y")] });
  const request = new Core().compileModelSync(model, "REFERENCE").createInferRequest();
  return Array.from(request.infer([new Tensor("f32", [1, 1, 1, input.length], input)])["y"].data, Number);
}

const apply = ({ output, taps, indices, weights }: ReturnType<typeof resamplingAxis>, input: Float32Array): number[] =>
  Array.from({ length: output }, (_, o) =>
    Array.from({ length: taps }, (__, t) => input[indices[o * taps + t]] * (weights?.[o * taps + t] ?? 1)).reduce((a, b) => a + b, 0),
  );

describe("resamplingAxis", () => {
  test("gives what Interpolate gives for sizes", () => {
    fc.assert(
      fc.property(arbitraryRule, length, length, (rule, input, output) => {
        const values = numbers(input);
        const wanted = reference(rule, values, output, undefined);
        const got = apply(resamplingAxis(rule, { input, output, scale: output / input }), values);
        for (const [i, v] of wanted.entries()) expect(got[i]).toBeCloseTo(v, 5);
      }),
      { numRuns: 200 },
    );
  });

  test("gives what Interpolate gives for scales, which may not be the quotient of the lengths", () => {
    fc.assert(
      fc.property(arbitraryRule, length, fc.constantFrom(0.3, 0.5, 0.75, 1, 1.3, 1.5, 2, 2.6, 3), (rule, input, scale) => {
        fc.pre(Math.floor(input * scale) > 0);
        const values = numbers(input);
        const wanted = reference(rule, values, 0, scale);
        const got = apply(resamplingAxis(rule, { input, output: wanted.length, scale: Math.fround(scale) }), values);
        for (const [i, v] of wanted.entries()) expect(got[i]).toBeCloseTo(v, 5);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps only taps with a weight, and reads no input beyond the axis", () => {
    fc.assert(
      fc.property(arbitraryRule, length, length, (rule, input, output) => {
        const axis = resamplingAxis(rule, { input, output, scale: output / input });
        expect(axis.indices.length).toBe(output * axis.taps);
        expect(axis.indices.every((i) => i >= 0 && i < input)).toBe(true);
        if (!axis.weights) expect(axis.taps).toBe(1);
        else {
          const { weights, taps } = axis;
          const used = Array.from({ length: output }, (_, o) => weights.slice(o * taps, (o + 1) * taps).filter((w) => w !== 0).length);
          expect(Math.max(...used)).toBe(taps);
        }
      }),
    );
    expect(
      resamplingAxis(
        {
          mode: "cubic",
          coordinateTransformation: "half_pixel",
          nearestMode: "floor",
          cubeCoefficient: -0.75,
          widened: false,
        },
        { input: 5, output: 5, scale: 1 },
      ),
    ).toEqual({ output: 5, taps: 1, indices: Int32Array.of(0, 1, 2, 3, 4) });
  });
});
