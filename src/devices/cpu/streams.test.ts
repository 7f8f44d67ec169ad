import { describe, expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { AsyncInferQueue } from "../../runtime/async-infer-queue.ts";
import { Core } from "../../runtime/core.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { availableTargets, runsAtATime } from "./target-selection.ts";

function doubled(): Model {
  const x = opset.parameter("f32", [256], "x");
  return new Model({ name: "m", parameters: [x], results: [opset.result(opset.add(x, x), "y")] });
}

describe.each(availableTargets())("inferences at the same time on %s", (target) => {
  const core = new Core();
  const many = runsAtATime(target) > 1;
  const compile = (config: Record<string, string | number>) => core.compileModelSync(doubled(), "CPU", { CPU_TARGET: target, ...config });
  const told = (config: Record<string, string | number>): unknown[] => {
    const compiled = compile(config);
    const values = ["NUM_STREAMS", "OPTIMAL_NUMBER_OF_INFER_REQUESTS"].map((name) => compiled.getProperty(name));
    compiled.dispose();
    return values;
  };

  test("are one unless asked for", () => expect(told({ INFERENCE_NUM_THREADS: 4 })).toEqual([1, 1]));
  test("are as many as threads where throughput is asked for", () => {
    const expected = many ? 4 : 1;
    expect(told({ INFERENCE_NUM_THREADS: 4, PERFORMANCE_HINT: "THROUGHPUT" })).toEqual([expected, expected]);
  });
  test("are as many as NUM_STREAMS says, or refused", () => {
    if (many) expect(told({ INFERENCE_NUM_THREADS: 4, NUM_STREAMS: 2 })).toEqual([2, 2]);
    else expect(() => compile({ NUM_STREAMS: 2 })).toThrow("one inference at a time");
  });

  test("give each its own result", async () => {
    const compiled = compile({ INFERENCE_NUM_THREADS: 4, PERFORMANCE_HINT: "THROUGHPUT" });
    const queue = new AsyncInferQueue<number>(compiled);
    expect(queue.jobs).toBe(many ? 4 : 1);
    const wrong: number[] = [];
    queue.setCallback((error, request, i) => {
      if (error || !request.getOutputTensor(0).data.every((v) => v === 2 * i)) wrong.push(i);
    });
    await Promise.all(Array.from({ length: 60 }, (_, i) => queue.startAsync([new Tensor("f32", [256], new Float32Array(256).fill(i))], i)));
    expect(wrong).toEqual([]);
    queue.release();
    compiled.dispose();
  });
});

test("properties that do nothing are unknown", () =>
  expect(() => new Core().compileModelSync(doubled(), "CPU", { EXECUTION_MODE_HINT: "ACCURACY" })).toThrow("unknown property"));
