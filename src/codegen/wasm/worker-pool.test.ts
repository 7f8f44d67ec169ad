import { afterEach, describe, expect, it, vi } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { type Engine, operandIn, type Program } from "../../kernel/engine.ts";
import { availableWasmTargets, createWasmEngine } from "./wasm-engine.ts";

/** What becomes of workers. */
const fate = vi.hoisted(() => ({ now: "" }));

vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class FatedWorker extends real.Worker {
    constructor(source: string, options: import("node:worker_threads").WorkerOptions) {
      if (fate.now === "is refused") throw new Error("Access to this API has been restricted");
      const fails = (test: string): string => `require("node:worker_threads").parentPort.on("message", (m) => { if (${test}) throw 0; });`;
      const before = {
        "fails to start": "throw 0;",
        "fails at its first library": fails("m.add"),
        "fails at its third library": fails("m.base > 1"),
      };
      super((before[fate.now as keyof typeof before] ?? "") + source, options);
    }
  }
  return { ...real, Worker: FatedWorker };
});

const [target] = availableWasmTargets();
let engine: Engine | undefined;
afterEach(() => engine?.dispose());

/** Adds `factor` to each of 64 vectors, a task each. */
function addition(engine: Engine, factor: number): { program: Program; value: () => number } {
  const k = new KernelBuilder("add", engine.target);
  const x = k.buffer("x", "f32", 256, "readWrite");
  const at = k.task.mul(4);
  k.range(0, 2000, { name: "round" }, () => k.store(x, at, k.add(k.load(x, at), k.constant(factor))));
  const memory = engine.allocate(1024);
  const step = { kernel: k.build({ key: `add ${factor}`, tasks: 64 }), operands: [operandIn(memory)], barrier: true };
  return {
    program: engine.program([step, step]),
    value: () => {
      const values = new Set(new Float32Array(memory.bytes().slice().buffer));
      return values.size === 1 ? [...values][0] : Number.NaN;
    },
  };
}

describe.each(["is refused", "fails to start", "fails at its first library", "fails at its third library"])("where a worker %s", (what) => {
  it("programs run on the threads that are left", async () => {
    fate.now = what;
    const created = createWasmEngine(target, { threads: 3 });
    engine = created;
    for (let factor = 1; factor <= 4; factor++) {
      const { program, value } = addition(created, factor);
      // At once, while workers start or fail, and when they have.
      await Promise.all([program.runAsync(), program.runAsync()]);
      program.run();
      await new Promise((resolve) => setTimeout(resolve, 20));
      program.run();
      await program.runAsync();
      expect(value()).toBe(5 * 2 * 2000 * factor);
      if (factor % 2 === 0) program.dispose();
    }
  });
});

it("starts, runs, changes and ends many engines without losing a run", async () => {
  fate.now = "";
  for (let round = 0; round < 25; round++) {
    const created = createWasmEngine(target, { threads: 2 + (round % 2) });
    engine = created;
    const programs = Array.from({ length: 3 }, (_, i) => addition(created, i + 1));
    const runs = programs.map(({ program }) => program.runAsync());
    // Libraries come while workers start and run.
    const late = addition(created, 7);
    late.program.run();
    await Promise.all([...runs, late.program.runAsync()]);
    expect(programs.map(({ value }) => value())).toEqual([4000, 8000, 12000]);
    expect(late.value()).toBe(2 * 28000);
    created.dispose();
  }
});
