import { expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets } from "./target-selection.ts";

const ints = (...values: number[]) => opset.constant("i64", BigInt64Array.from(values, BigInt), [values.length]);

test.each(availableTargets().flatMap((target) => (["nearest", "linear_onnx", "cubic"] as const).map((mode) => ({ target, mode }))))(
  "an empty input is enlarged to zeros on $target, $mode",
  ({ target, mode }) => {
    const core = new Core();
    const x = opset.parameter("f32", [1, 16, 0, 12], "x");
    const secret = opset.parameter("f32", [1, 16, 4, 12], "secret");
    const resized = opset.interpolate(opset.relu(x), ints(1, 2), ints(2, 3), { mode, shape_calculation_mode: "sizes" });
    const model = new Model({
      name: "empty",
      parameters: [x, secret],
      results: [opset.result(resized, "y"), opset.result(opset.relu(secret), "z")],
    });
    const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1 });
    const { y } = compiled
      .createInferRequest()
      .infer([new Tensor("f32", [1, 16, 0, 12], new Float32Array(0)), new Tensor("f32", [1, 16, 4, 12], new Float32Array(768).fill(7))]);
    expect(y.shape).toEqual([1, 16, 1, 2]);
    expect(Array.from(y.data as Float32Array)).toEqual(new Array<number>(32).fill(0));
    compiled.dispose();
  },
);
