import { describe, expect, test } from "vitest";
import { KernelBuilder, mostStatements } from "../../kernel/builder.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import { interpreterTarget } from "../../kernel/target.ts";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { ConstantPool } from "./constant-pool.ts";
import { LoweringContext } from "./lowering-context.ts";
import { availableTargets } from "./target-selection.ts";

const window = 3000;
const attributes = (rank: number) => ({
  strides: Array<number>(rank).fill(1),
  pads_begin: [...Array<number>(rank - 1).fill(0), window - 1],
  pads_end: [...Array<number>(rank - 1).fill(0), window - 1],
  dilations: Array<number>(rank).fill(1),
});

/** Windows so wide that their kernels would be written out by the million statements: the host runs what is over the budget. */
describe.each(availableTargets())("windows of thousands of taps on %s", (target) => {
  test.each(["convolution", "pool"] as const)("%s", (kind) => {
    const x = opset.parameter("f32", kind === "pool" ? [1, 1, 1, window] : [1, 1, window], "x");
    const y =
      kind === "pool"
        ? opset.maxPool(x, { ...attributes(2), kernel: [1, window], rounding_type: "floor", index_element_type: "i64", axis: 0 })
        : opset.convolution(x, new Tensor("f32", [1, 1, window], new Float32Array(window).fill(0.001)), attributes(1));
    const model = new Model({ name: "wide", parameters: [x], results: [opset.result(y.outputs[0], "y")] });
    const input = new Tensor(
      "f32",
      x.outputs[0].shape,
      Float32Array.from({ length: window }, (_, i) => Math.sin(i)),
    );
    const core = new Core();
    const want = core.compileModelSync(model, "REFERENCE").createInferRequest().infer([input])["y"].data as Float32Array;
    const compiled = core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1 });
    const got = compiled.createInferRequest().infer([input])["y"].data as Float32Array;
    expect(got).toHaveLength(want.length);
    for (const [i, v] of want.entries()) if (!(Math.abs(got[i] - v) < 1e-3)) expect.fail(`element ${i} is ${got[i]}, not ${v}`);
    compiled.dispose();
  });
});

test("a group whose kernel has no proof runs on the host, behind the steps that have one", () => {
  const context = new LoweringContext(interpreterTarget, 1, new ConstantPool(new InterpreterEngine()));
  const x = opset.parameter("f32", [4], "x");
  const y = opset.add(x, x);
  const view = context.allocate([4], "f32", [0], "x");
  context.define(x.outputs[0], view);
  const kernelOf = (index: number) => {
    const k = new KernelBuilder("store", interpreterTarget);
    k.store(k.buffer("y", "f32", 4, "write"), index, k.constant(1, { lanes: 1 }));
    return k.build({ key: `store ${index}` });
  };
  context.step(kernelOf(0), [view]);
  context.lowerGroup({ inputs: [x.outputs[0]], output: y.outputs[0], nodes: [y] }, () => {
    context.define(y.outputs[0], context.allocate([4], "f32", [0], "y"));
    context.step(kernelOf(1), [view]);
    context.step(kernelOf(4), [view]);
  });
  expect(context.steps.map((s) => s.kind)).toEqual(["kernel", "host"]);
  expect(context.view(y.outputs[0]).shape).toEqual([4]);
});

test("a kernel has a budget of statements", () => {
  const k = new KernelBuilder("long", interpreterTarget);
  const y = k.buffer("y", "f32", 1, "write");
  const one = k.constant(1, { lanes: 1 });
  expect(() => {
    for (let i = 0; i <= mostStatements; i++) k.store(y, 0, one);
  }).toThrow('kernel "long": a kernel of too many statements');
});
