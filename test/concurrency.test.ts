import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { availableTargets } from "../src/devices/cpu/target-selection.ts";
import { type CompiledModel, Core, type InferRequest, Model, Tensor } from "../src/index.ts";
import { opset } from "../src/opset.ts";

/** Kernels, and between them a step on the host: CumSum has no kernel. */
function network(): Model {
  const x = opset.parameter("f32", [1, 8, 16, 16], "x");
  const weights = new Tensor(
    "f32",
    [8, 8, 3, 3],
    Float32Array.from({ length: 576 }, (_, i) => ((i * 7) % 11) / 50 - 0.1),
  );
  const window = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
  const features = opset.convolution(opset.relu(opset.convolution(x, weights, window)), weights, window);
  const sums = opset.cumSum(features, new Tensor("i32", [], [3]), {});
  const y = opset.softmax(opset.convolution(sums, weights, window), { axis: 1 });
  return new Model({ name: "small", parameters: [x], results: [opset.result(y, "y")] });
}

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** An input of its own for each number, and what REFERENCE makes of it. */
const kinds = 5;
const input = (batch: number, kind: number): Tensor => {
  const next = random(kind + 1);
  return new Tensor(
    "f32",
    [batch, 8, 16, 16],
    Float32Array.from({ length: batch * 2048 }, () => next(1000) / 500 - 1),
  );
};

/** Node is started with --expose-gc (vitest.config.ts). */
const collect = (globalThis as { gc?: () => void }).gc as () => void;

const core = new Core();
const compile = (target: string, model = network()): CompiledModel =>
  core.compileModelSync(model, "CPU", { CPU_TARGET: target, INFERENCE_NUM_THREADS: target === "interpreter" ? 1 : 2 });

describe.each(availableTargets())("on %s", (target) => {
  const inputs = Array.from({ length: kinds }, (_, kind) => input(1, kind));
  const expected = (() => {
    const compiled = compile(target);
    const request = compiled.createInferRequest();
    const outputs = inputs.map((x) => request.infer([x])["y"].data as Float32Array);
    compiled.dispose();
    return outputs;
  })();
  const infer = (request: InferRequest, kind: number): void => expect(request.infer([inputs[kind]])["y"].data).toEqual(expected[kind]);
  const inferAsync = async (request: InferRequest, kind: number): Promise<void> =>
    expect((await request.inferAsync([inputs[kind]]))["y"].data).toEqual(expected[kind]);

  test("requests of one or more models run, come and go at the same time in any order", async () => {
    const next = random(42);
    const models = [compile(target), compile(target)];
    const running = new Set<Promise<void>>();
    const busy = new Set<InferRequest>();
    const requests: InferRequest[] = [];
    for (let action = 0; action < 120; action++) {
      if (requests.length < 3) requests.push(models[next(2)].createInferRequest());
      const request = requests[next(requests.length)];
      const kind = next(kinds);
      const what = next(5);
      if (what < 2 && !busy.has(request)) {
        busy.add(request);
        const run = inferAsync(request, kind).finally(() => {
          running.delete(run);
          busy.delete(request);
        });
        running.add(run);
        run.catch(() => {});
      } else if (what === 2 && !busy.has(request)) infer(request, kind);
      // Also while it runs: the inference ends first.
      else if (what === 3) requests.splice(requests.indexOf(request), 1)[0].dispose();
      else await Promise.race([setTimeout(1), ...running]);
    }
    const left = [...running];
    for (const model of models) model.dispose();
    await Promise.all(left);
    for (const request of requests) expect(() => request.infer([inputs[0]])).toThrow("has been disposed of");
  });

  test("a request that is disposed of while it runs ends its inference first, and its memory stays its own until then", async () => {
    const compiled = compile(target);
    const request = compiled.createInferRequest();
    const run = inferAsync(request, 0);
    request.dispose();
    request.dispose();
    expect(() => request.infer([inputs[1]])).toThrow("has been disposed of");
    expect(() => request.getInputTensor()).toThrow("has been disposed of");
    // Takes the memory if it is free.
    const other = compiled.createInferRequest();
    const otherRun = inferAsync(other, 1);
    await Promise.all([run, otherRun]);
    compiled.dispose();
  });

  test("a compiled model that is disposed of ends the inferences under way first", async () => {
    const compiled = compile(target);
    const runs = [0, 1, 2].map((kind) => inferAsync(compiled.createInferRequest(), kind));
    const idle = compiled.createInferRequest();
    compiled.dispose();
    compiled.dispose();
    expect(() => compiled.createInferRequest()).toThrow("has been disposed of");
    await expect(idle.inferAsync([inputs[0]])).rejects.toThrow("has been disposed of");
    idle.dispose();
    await Promise.all(runs);
  });

  test("more inferences at a time than the platform has threads or calls for", async () => {
    const compiled = compile(target);
    const requests = Array.from({ length: target.startsWith("x64-") ? 300 : 10 }, () => compiled.createInferRequest());
    await Promise.all(requests.map((request, i) => inferAsync(request, i % kinds)));
    compiled.dispose();
  });

  test("an input's tensor outlives its request", () => {
    const compiled = compile(target);
    const request = compiled.createInferRequest();
    const tensor = request.getInputTensor();
    tensor.data.set(inputs[1].data as never);
    expect(request.infer()["y"].data).toEqual(expected[1]);
    request.dispose();
    expect(tensor.data).toEqual(inputs[1].data);
    compiled.dispose();
    expect(tensor.data).toEqual(inputs[1].data);
  });

  test("inferences go on although nobody holds the request and the model", async () => {
    const run = (() => inferAsync(compile(target).createInferRequest(), 2))();
    collect();
    await setTimeout(0);
    collect();
    await run;
  });

  test("programs of shapes met long ago give way while other requests run theirs", async () => {
    const batches = target === "interpreter" ? [1, 2] : Array.from({ length: 12 }, (_, i) => i + 1);
    const x = opset.parameter("f32", [-1, 8, 16, 16], "x");
    const y = opset.softmax(opset.relu(x), { axis: 1 });
    const model = new Model({ name: "dynamic", parameters: [x], results: [opset.result(y, "y")] });
    const compiled = compile(target, model);
    const requests = Array.from({ length: 4 }, () => compiled.createInferRequest());
    await Promise.all(
      requests.map(async (request, r) => {
        for (const batch of [...batches, ...batches]) {
          const given = input(batch, r);
          const got = (await request.inferAsync([given]))["y"].data as Float32Array;
          const first = (given.data as Float32Array).slice(0, 2048).map((v) => Math.exp(Math.max(0, v)));
          const sum = Array.from({ length: 8 }, (_, c) => first[c * 256]).reduce((a, b) => a + b);
          expect(got[0]).toBeCloseTo(first[0] / sum, 5);
        }
      }),
    );
    compiled.dispose();
  });
});
