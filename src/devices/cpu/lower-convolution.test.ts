import { expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets } from "./target-selection.ts";

const numbers = (shape: readonly number[], frequency: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => Math.sin(i * frequency));
const weightsOf = (shape: readonly number[]): Tensor => new Tensor("f32", shape, numbers(shape, 0.7));

const shape = [1, 8, 6, 5];
const spatial = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
const doubled = { strides: [2, 2], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] };
const convolutions: Readonly<Record<string, (x: Node) => Node>> = {
  "a convolution": (x) => opset.convolution(x, weightsOf([1, 8, 3, 3]), spatial),
  "a transposed convolution": (x) => opset.convolutionBackpropData(x, weightsOf([8, 1, 2, 2]), doubled),
};

/** One output channel: what follows with elementary functions is a pass of its own where vectors are wide. */
test.each(availableTargets().flatMap((target) => Object.keys(convolutions).map((name) => ({ target, name }))))(
  "elementary functions and other tensors behind $name to few channels on $target",
  ({ target, name }) => {
    const x = opset.parameter("f32", shape, "x");
    const sums = convolutions[name](x);
    const other = opset.parameter("f32", sums.outputs[0].shape, "other");
    const y = opset.result(opset.add(opset.sigmoid(sums), opset.tanh(other)), "y");
    const model = new Model({ name: "test", parameters: [x, other], results: [y] });
    const inputs = [x, other].map((p, i) => new Tensor("f32", p.outputs[0].shape, numbers(p.outputs[0].shape, 0.3 + i)));
    const core = new Core();
    const want = core.compileModelSync(model, "REFERENCE").createInferRequest().infer(inputs)["y"].data as Float32Array;
    const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 2 });
    const got = compiled.createInferRequest().infer(inputs)["y"].data as Float32Array;
    expect(got).toHaveLength(want.length);
    for (const [i, v] of want.entries()) expect(Math.abs(got[i] - v), `element ${i}`).toBeLessThan(1e-5);
    compiled.dispose();
  },
);
