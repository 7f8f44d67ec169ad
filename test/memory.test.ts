import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Usage {
  /** Resident bytes of the process. */
  readonly rss: number;
  /** Bytes of array buffers and other memory outside the heap. */
  readonly external: number;
}

/** What is used once what nobody holds is collected. */
function used(): Usage {
  collect();
  collect();
  const { rss, external } = process.memoryUsage();
  return { rss, external };
}

function expectGrowthBelow(most: Usage, before: Usage): void {
  const now = used();
  expect(now.rss - before.rss, "growth of resident memory").toBeLessThan(most.rss);
  expect(now.external - before.external, "growth of external memory").toBeLessThan(most.external);
}

describe.each(availableTargets())("memory on %s", (target) => {
  const config = { CPU_TARGET: target, INFERENCE_NUM_THREADS: target === "interpreter" ? 1 : 2 };
  // The interpreter takes a millisecond each; it allocates as the others do.
  const rounds = target === "interpreter" ? inferences / 20 : inferences;

  test(`stays flat over ${rounds} inferences`, async () => {
    const compiled = await new Core().compileModel(network(), "CPU", config);
    const request = compiled.createInferRequest();
    const input = new Tensor("f32", [1, 8, 16, 16]);
    const run = (count: number): void => {
      for (let i = 0; i < count; i++) request.infer([input]);
    };
    // The heap finds its size first.
    run(rounds);
    const before = used();
    run(rounds);
    for (let i = 0; i < 200; i++) await request.inferAsync([input]);
    for (let i = 0; i < 200; i++) expect(() => request.infer([new Tensor("f32", [1])])).toThrow();
    expectGrowthBelow(mostGrowth, before);
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
    const before = used();
    for (let i = 0; i < 1000; i++) once();
    expectGrowthBelow(mostGrowth, before);
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
    const before = used();
    // Each reserves 256 KiB for constants: 50 MB if they stayed.
    for (let i = 0; i < 200; i++) await once();
    expectGrowthBelow(mostGrowth, before);
  });
});
