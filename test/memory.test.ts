import { existsSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { availableTargets } from "../src/devices/cpu/target-selection.ts";
import { Core, Model, Tensor } from "../src/index.ts";
import { opset } from "../src/opset.ts";

const inferences = 10_000;
/** What the process may grow by in 10,000 inferences: noise of the collector, far below a leak of a tensor each. */
const mostGrowth: Usage = { rss: 24e6, external: 1e6 };

/** 1x8x16x16 through a convolution and a softmax: an output of 8 kB, so that 10,000 leaked ones would be 80 MB. */
function network(): Model {
  const x = opset.parameter("f32", [1, 8, 16, 16], "x");
  const weights = new Tensor("f32", [8, 8, 3, 3], new Float32Array(576).fill(0.01));
  const y = opset.softmax(opset.convolution(x, weights, { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] }), {
    axis: 1,
  });
  return new Model({ name: "small", parameters: [x], results: [opset.result(y, "y")] });
}

/** Node is started with --expose-gc (vitest.config.ts). */
const collect = (globalThis as { gc?: () => void }).gc as () => void;

interface Usage {
  /** Resident bytes of the process. */
  readonly rss: number;
  /** Bytes of array buffers and other memory outside the heap. */
  readonly external: number;
}

/** What is used once what nobody holds is collected. Node frees what ended threads and code held when the event loop turns. */
async function used(): Promise<Usage> {
  await setTimeout(100);
  collect();
  collect();
  const { rss, external } = process.memoryUsage();
  return { rss, external };
}

/** Threads of this process, as Linux counts them; elsewhere none. */
const threads = (): number => (existsSync("/proc/self/task") ? readdirSync("/proc/self/task").length : 0);

/**
 * Runs a round once more where the process has grown in one: what leaks grows in each, while reserves of the collector and the
 * allocator (30 MB at times), and V8's optimized code, are taken once.
 */
async function expectFlat(round: () => Promise<void>): Promise<void> {
  let before = await used();
  let growth: Usage = { rss: 0, external: 0 };
  for (let attempt = 0; attempt < 3; attempt++) {
    await round();
    const now = await used();
    growth = { rss: now.rss - before.rss, external: now.external - before.external };
    before = now;
    if (growth.rss < mostGrowth.rss && growth.external < mostGrowth.external) return;
  }
  expect.fail(`resident memory grew by ${growth.rss} bytes, external memory by ${growth.external}`);
}

describe.each(availableTargets())("memory on %s", (target) => {
  const config = { CPU_TARGET: target, INFERENCE_NUM_THREADS: target === "interpreter" ? 1 : 2 };
  // The interpreter takes a millisecond each; it allocates as the others do.
  const rounds = target === "interpreter" ? inferences / 20 : inferences;

  test(`stays flat over ${rounds} inferences`, async () => {
    const compiled = await new Core().compileModel(network(), "CPU", config);
    const request = compiled.createInferRequest();
    const input = new Tensor("f32", [1, 8, 16, 16]);
    const round = async (): Promise<void> => {
      for (let i = 0; i < rounds; i++) request.infer([input]);
      for (let i = 0; i < 200; i++) await request.inferAsync([input]);
      for (let i = 0; i < 200; i++) expect(() => request.infer([new Tensor("f32", [1])])).toThrow();
    };
    // The heap finds its size first, and the workers start, one of them only for asynchronous inferences.
    await round();
    await expectFlat(round);
    compiled.dispose();
  });

  test("requests give everything back", async () => {
    const compiled = await new Core().compileModel(network(), "CPU", config);
    const input = new Tensor("f32", [1, 8, 16, 16]);
    const once = (): void => {
      const request = compiled.createInferRequest();
      request.infer([input]);
      expect(() => request.infer([])).toThrow();
      request.dispose();
    };
    for (let i = 0; i < 100; i++) once();
    await expectFlat(async () => {
      for (let i = 0; i < 1000; i++) once();
    });
    compiled.dispose();
  });

  test("requests that nobody disposes of give everything back", async () => {
    const compiled = await new Core().compileModel(network(), "CPU", config);
    const input = new Tensor("f32", [1, 8, 16, 16]);
    const requests = target === "interpreter" ? 5 : 50;
    const once = async (): Promise<void> => {
      for (let i = 0; i < requests; i++) compiled.createInferRequest().infer([input]);
      // What is native or WebAssembly's is freed in a turn of the event loop after the collection.
      collect();
      await setTimeout(0);
    };
    for (let i = 0; i < 5; i++) await once();
    // Each has 32 kB and more for its tensors: 60 MB if they stayed.
    await expectFlat(async () => {
      for (let i = 0; i < 40; i++) await once();
    });
    compiled.dispose();
  });

  test("compiled models give everything back", async () => {
    const once = async (): Promise<void> => {
      const compiled = await new Core().compileModel(network(), "CPU", config);
      const request = compiled.createInferRequest();
      request.infer([new Tensor("f32", [1, 8, 16, 16])]);
      request.dispose();
      compiled.dispose();
    };
    for (let i = 0; i < 15; i++) await once();
    // Each reserves 256 KiB for constants: 50 MB if they stayed.
    await expectFlat(async () => {
      for (let i = 0; i < 200; i++) await once();
    });
  });

  test("compiled models that nobody disposes of end their threads", async () => {
    const once = async (): Promise<void> => {
      const compiled = await new Core().compileModel(network(), "CPU", config);
      const request = compiled.createInferRequest();
      await request.inferAsync([new Tensor("f32", [1, 8, 16, 16])]);
    };
    await once();
    await used();
    const before = threads();
    for (let i = 0; i < 10; i++) await once();
    // An object that is registered for finalization may outlive a collection or two.
    for (let i = 0; i < 20 && threads() > before; i++) await used();
    expect(threads()).toBeLessThanOrEqual(before);
  });
});
