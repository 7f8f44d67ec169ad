import { expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets } from "./target-selection.ts";

const count = 4096;
const scale = Math.fround(0.0173);
const zeroPoint = 3;

/** Numbers that a quantized tensor stands for, and such a third of a step beside them: none near a tie. */
const values = Float32Array.from({ length: count }, (_, i) => {
  const step = (i % 300) - 150 - zeroPoint;
  return i % 2 === 0 ? scale * step : scale * (step + (i % 4 === 1 ? 0.3 : -0.3));
});
const roundEven = (x: number): number => {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(x);
};
const want = Int8Array.from(values, (v) => Math.max(-128, Math.min(127, roundEven(Math.fround(v / scale)) + zeroPoint)));

test.each(["REFERENCE", ...availableTargets()])("signed numbers are quantized exactly on %s", (target) => {
  const x = opset.parameter("f32", [count], "x");
  const bound = (limit: number) => opset.constant("f32", Math.fround(scale * (limit - zeroPoint)));
  const grid = opset.fakeQuantize(x, bound(-128), bound(127), opset.constant("f32", -128), opset.constant("f32", 127), { levels: 256 });
  const model = new Model({
    name: "quantize",
    parameters: [x],
    results: [opset.result(opset.convert(grid, { destination_type: "i8" }), "integers"), opset.result(grid, "grid")],
  });
  const compiled =
    target === "REFERENCE"
      ? new Core().compileModelSync(model, "REFERENCE")
      : new Core().compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1 });
  const { integers, grid: floats } = compiled.createInferRequest().infer([new Tensor("f32", [count], values)]);
  expect(integers.data).toEqual(want);
  expect(Array.from(floats.data as Float32Array)).toEqual(Array.from(want));
  compiled.dispose();
});
