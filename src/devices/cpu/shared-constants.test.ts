import { expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets } from "./target-selection.ts";

/** One constant as the weights of layers of different geometry: each is packed for its own. */
const numbers = (length: number, frequency: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * frequency));
const parameter = (shape: readonly number[]): Node => opset.parameter("f32", [...shape], `x${shape}`);
const data = numbers(8 * 4 * 3 * 3, 0.7);
const weights = (shape: readonly number[]): Tensor => new Tensor("f32", shape, data);
const plain = { strides: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] };
const phases = (stride: number, shared: Tensor) => (x: Node) =>
  opset.convolutionBackpropData(x, shared, { ...plain, strides: [stride, stride] });

interface Layer {
  readonly input: readonly number[];
  readonly make: (x: Node) => Node;
}
const kernel4 = new Tensor("f32", [3, 4, 4, 4], numbers(192, 0.3));
const cases: Readonly<Record<string, readonly Layer[]>> = {
  "transposed convolutions of strides 2 and 1": [
    { input: [1, 3, 5, 5], make: phases(2, kernel4) },
    { input: [1, 3, 5, 5], make: phases(1, kernel4) },
  ],
  "transposed convolutions of strides 1 and 2": [
    { input: [1, 3, 5, 5], make: phases(1, kernel4) },
    { input: [1, 3, 5, 5], make: phases(2, kernel4) },
  ],
  "convolutions with reshaped weights": [
    { input: [1, 4, 6, 6], make: (x) => opset.convolution(x, weights([8, 4, 3, 3]), plain) },
    { input: [1, 12, 6, 6], make: (x) => opset.convolution(x, weights([8, 12, 1, 3]), plain) },
    { input: [1, 2, 6, 6], make: (x) => opset.convolution(x, weights([8, 2, 6, 3]), plain) },
    { input: [1, 4, 6, 6], make: (x) => opset.groupConvolution(x, weights([2, 8, 2, 3, 3]), plain) },
    { input: [1, 4, 6, 6], make: (x) => opset.groupConvolution(x, weights([4, 8, 1, 3, 3]), plain) },
  ],
  "matrices and their transpose": [
    { input: [3, 18], make: (x) => opset.matMul(x, weights([18, 16])) },
    { input: [3, 16], make: (x) => opset.matMul(x, weights([18, 16]), { transpose_b: true }) },
    { input: [3, 16], make: (x) => opset.matMul(x, weights([16, 18])) },
  ],
};

test.each(availableTargets().flatMap((target) => Object.keys(cases).map((name) => ({ target, name }))))(
  "$name share a constant on $target",
  ({ target, name }) => {
    const layers = cases[name];
    const parameters = layers.map(({ input }) => parameter(input));
    const results = layers.map(({ make }, i) => opset.result(make(parameters[i]), `y${i}`));
    const model = new Model({ name: "shared", parameters, results });
    const inputs = layers.map(
      ({ input }, i) =>
        new Tensor(
          "f32",
          input,
          numbers(
            input.reduce((n, d) => n * d),
            0.1 + i,
          ),
        ),
    );
    const core = new Core();
    const want = core.compileModelSync(model, "REFERENCE").createInferRequest().infer(inputs);
    const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1 });
    const got = compiled.createInferRequest().infer(inputs);
    for (const [result, tensor] of Object.entries(want)) {
      const values = got[result].data as Float32Array;
      for (const [i, v] of (tensor.data as Float32Array).entries())
        expect(Math.abs(values[i] - v), `${result}, element ${i}`).toBeLessThan(1e-4);
    }
    compiled.dispose();
  },
);
