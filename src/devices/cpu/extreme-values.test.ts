import { expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets } from "./target-selection.ts";

/** Around the edges of what f32's exponential can hold, and far beyond. */
const edges = [1e-3, 1, 10, 20, 50, 86.99, 87.3, 87.4, 88, 88.37, 88.7, 88.8, 104, 200, 1e5, 1e30];
const values = [0, ...edges, ...edges.map((v) => -v)];

test.each(availableTargets())("functions made of exponentials saturate as their definitions do on %s", (target) => {
  const x = opset.parameter("f32", [values.length], "x");
  const functions = {
    exp: opset.exp(x),
    sigmoid: opset.sigmoid(x),
    tanh: opset.tanh(x),
    swish: opset.swish(x),
    erf: opset.erf(x),
    gelu: opset.gelu(x),
    softPlus: opset.softPlus(x),
    mish: opset.mish(x),
    elu: opset.elu(x, { alpha: 1 }),
  };
  const results = Object.entries(functions).map(([name, node]) => opset.result(node, name));
  const model = new Model({ name: "functions", parameters: [x], results });
  const core = new Core();
  const input = new Tensor("f32", [values.length], values);
  const want = core.compileModelSync(model, "REFERENCE").createInferRequest().infer([input]);
  const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1 });
  const got = compiled.createInferRequest().infer([input]);
  for (const name of Object.keys(functions))
    for (const [i, value] of values.entries()) {
      const [a, b] = [Number(want[name].data[i]), Number(got[name].data[i])];
      const close = Object.is(a, b) || Math.abs(a - b) <= 2e-6 * Math.max(Math.abs(a), 0.1);
      expect(close, `${name}(${value}) = ${b}, wanted ${a}`).toBe(true);
    }
  compiled.dispose();
});
