import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { type Engine, type Memory, operandIn, type Program, type Step } from "../../kernel/engine.ts";
import { type Kernel } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { verifyKernel } from "../../kernel/verify-kernel.ts";
import { availableWasmTargets, createWasmEngine } from "./wasm-engine.ts";

const engines: Engine[] = [];
const create = (...parameters: Parameters<typeof createWasmEngine>): Engine => {
  const engine = createWasmEngine(...parameters);
  engines.push(engine);
  return engine;
};
afterEach(() => engines.splice(0).forEach((engine) => engine.dispose()));

/** y += factor * x, in `tasks` pieces of 64; each does it `rounds` times. */
function axpyKernel(target: KernelTarget, { tasks = 50, factor = 1, rounds = 1 } = {}): Kernel {
  const k = new KernelBuilder("axpy", target);
  const x = k.buffer("x", "f32", tasks * 64, "read");
  const y = k.buffer("y", "f32", tasks * 64, "readWrite");
  const by = k.constant(factor);
  k.range(0, rounds, { name: "round" }, () =>
    k.for(16, (i) => {
      const at = k.task.mul(64).add(i.mul(4));
      k.store(y, at, k.fma(k.load(x, at), by, k.load(y, at)));
    }),
  );
  return k.build({ key: `axpy ${tasks} ${factor} ${rounds}`, tasks });
}

class Vectors {
  readonly #memory: Memory;
  readonly #length: number;

  constructor(engine: Engine, tasks = 50) {
    this.#length = tasks * 64;
    this.#memory = engine.allocate(this.#length * 8);
    this.#view(0).fill(1);
  }
  #view(vector: number): Float32Array {
    const bytes = this.#memory.bytes();
    return new Float32Array(bytes.buffer, bytes.byteOffset + vector * this.#length * 4, this.#length);
  }
  /** The steps' operands: which vector is x and which y. */
  step(kernel: Kernel, x: number, y: number): Step {
    return { kernel, operands: [x, y].map((v) => operandIn(this.#memory, v * this.#length * 4)), barrier: true };
  }
  /** The number that all elements of a vector are; NaN where they differ. */
  value(vector: number): number {
    const values = new Set(this.#view(vector));
    return values.size === 1 ? [...values][0] : Number.NaN;
  }
}

const best = availableWasmTargets()[0];
// A kernel that traps has no proof, and would not be let through.
vi.mock("../../kernel/kernel-proof.ts", () => ({ requireProof: () => {} }));

const target = targets[best];

describe.each(availableWasmTargets())("createWasmEngine(%s)", (name) => {
  it.each([1, 2, 3])("runs programs on %d threads", async (threads) => {
    const engine = create(name, { threads });
    expect(engine.threads).toBe(threads);
    const vectors = new Vectors(engine);
    const kernel = axpyKernel(engine.target);
    // y += x, x += y: Fibonacci numbers.
    const program = engine.program(Array.from({ length: 10 }, (_, i) => vectors.step(kernel, i % 2, 1 - (i % 2))));
    program.run();
    expect([vectors.value(0), vectors.value(1)]).toEqual([89, 55]);
    await program.runAsync();
    expect([vectors.value(0), vectors.value(1)]).toEqual([10946, 6765]);
    const times = program.runProfiled();
    expect(times).toHaveLength(10);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(vectors.value(0)).toBe(1346269);
    program.dispose();
  });
});

describe("programs", () => {
  it("run many times on threads without losing a task", () => {
    const engine = create(best, { threads: 3 });
    const vectors = new Vectors(engine, 7);
    const kernel = axpyKernel(target, { tasks: 7, factor: 0.5 });
    const program = engine.program([vectors.step(kernel, 0, 1), vectors.step(kernel, 0, 1), vectors.step(kernel, 0, 1)]);
    for (let i = 1; i <= 2000; i++) program.run();
    expect(vectors.value(1)).toBe(3000);
  });

  it("leave no worker behind in memory that becomes another program's", async () => {
    const engine = create(best, { threads: 3 });
    const vectors = new Vectors(engine, 7);
    const kernel = axpyKernel(target, { tasks: 7 });
    for (let i = 1; i <= 5000; i++) {
      const program = engine.program(Array.from({ length: 1 + (i % 4) }, () => vectors.step(kernel, 0, 1)));
      const before = vectors.value(1);
      if (i % 50 === 0) await program.runAsync();
      else program.run();
      expect(vectors.value(1) - before).toBe(1 + (i % 4));
      program.dispose();
    }
  });

  it("may have steps without tasks, or none at all", async () => {
    for (const threads of [1, 2]) {
      const engine = create(best, { threads });
      const vectors = new Vectors(engine);
      const some = axpyKernel(target);
      const nothing = { ...axpyKernel(target, { factor: 2 }), key: "nothing", tasks: 0 };
      const program = engine.program([vectors.step(nothing, 0, 1), vectors.step(some, 0, 1), vectors.step(nothing, 0, 1)]);
      await program.runAsync();
      program.run();
      expect(vectors.value(1)).toBe(2);
      expect(program.runProfiled()).toHaveLength(3);
      const empty = engine.program([]);
      empty.run();
      await empty.runAsync();
      const idle = engine.program([vectors.step(nothing, 0, 1)]);
      idle.run();
      await idle.runAsync();
      expect(vectors.value(1)).toBe(3);
    }
  });

  it("reach workers that are at work or asleep", async () => {
    const engine = create(best, { threads: 2 });
    const vectors = new Vectors(engine);
    let sum = 0;
    for (let i = 1; i <= 12; i++) {
      // Each program has a kernel that the workers have not seen.
      const program = engine.program([vectors.step(axpyKernel(target, { factor: i }), 0, 1)]);
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      program.run();
      await program.runAsync();
      sum += 2 * i;
      expect(vectors.value(1)).toBe(sum);
      program.dispose();
    }
  });

  it("leave the event loop free where there are threads", async () => {
    const engine = create(best, { threads: 2 });
    const vectors = new Vectors(engine, 4);
    const program = engine.program([vectors.step(axpyKernel(target, { tasks: 4, factor: 0, rounds: 400_000 }), 0, 1)]);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await program.runAsync();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it("queue asynchronous runs; a synchronous one helps to end the one before it", async () => {
    for (const threads of [1, 2]) {
      const engine = create(best, { threads });
      const vectors = new Vectors(engine);
      const programs = Array.from({ length: 4 }, (_, i) =>
        engine.program([vectors.step(axpyKernel(target, { factor: 10 ** i, rounds: 50 }), 0, 1)]),
      );
      const runs = programs.map((p) => p.runAsync());
      programs[0].run();
      await Promise.all(runs);
      expect(vectors.value(1)).toBe(50 * 1112);
    }
  });

  it("may be disposed of while they run", async () => {
    const engine = create(best, { threads: 2 });
    const vectors = new Vectors(engine);
    const program = engine.program([vectors.step(axpyKernel(target, { rounds: 1000 }), 0, 1)]);
    const run = program.runAsync();
    program.dispose();
    program.dispose();
    await run;
    expect(vectors.value(1)).toBe(1000);
  });

  it("end with the engine", async () => {
    const engine = createWasmEngine(best, { threads: 2 });
    const vectors = new Vectors(engine);
    const program: Program = engine.program([vectors.step(axpyKernel(target, { rounds: 1000 }), 0, 1)]);
    const runs = [program.runAsync(), program.runAsync()];
    const ends = Promise.allSettled(runs);
    await new Promise((resolve) => setTimeout(resolve, 1));
    engine.dispose();
    engine.dispose();
    await ends;
    expect(() => program.run()).toThrow("disposed");
    await expect(program.runAsync()).rejects.toThrow("disposed");
    expect(() => engine.program([])).toThrow("disposed");
  });

  it.each([1, 2, 3])("fail, and leave nothing hanging, where a kernel traps on one of %d threads", async (threads) => {
    for (const asynchronous of [true, false]) {
      const engine = createWasmEngine(best, { threads });
      const k = new KernelBuilder("stray", target);
      const y = k.buffer("y", "f32", 256, "write");
      // What no verified kernel does: task 40 of 64 writes far behind the memory's end.
      k.range(0, 20_000, { name: "round" }, () => k.store(y, k.task.mul(4), k.constant(1)));
      k.ifNonNegative(k.task.add(-40), () => k.ifNonNegative(k.task.mul(-1).add(40), () => k.store(y, 2 ** 28, k.constant(1))));
      const memory = engine.allocate(1024);
      const vectors = new Vectors(engine);
      const good = engine.program([vectors.step(axpyKernel(target), 0, 1)]);
      const stray = { kernel: k.build({ key: "stray", tasks: 64 }), operands: [operandIn(memory)], barrier: true };
      const bad = engine.program([stray, { ...stray }]);
      good.run();
      const failure = expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining("a kernel trapped") as string });
      if (asynchronous) {
        const runs = [bad.runAsync(), good.runAsync()];
        await expect(runs[0]).rejects.toEqual(failure);
        await expect(runs[1]).rejects.toEqual(failure);
      } else expect(() => bad.run()).toThrow(failure);
      expect(() => good.run()).toThrow(failure);
      await expect(good.runAsync()).rejects.toEqual(failure);
      bad.dispose();
      engine.dispose();
    }
  });

  it("take operands only from their own engine, where they fit", () => {
    const [one, other] = [create(best, { threads: 1 }), create(best, { threads: 1 })];
    const kernel = axpyKernel(target);
    expect(() => one.program([new Vectors(other).step(kernel, 0, 1)])).toThrow("another engine");
    expect(() => one.program([new Vectors(one).step(kernel, 0, 2)])).toThrow("does not hold the buffer");
  });
});

describe("createWasmEngine", () => {
  it("checks its options", () => {
    expect(() => create(best, { threads: 0 })).toThrow("expected a whole number from 1 to 256, got 0");
    expect(() => create("x64-avx2" as typeof best, { threads: 1 })).toThrow("not available");
  });

  /** What a process prints that makes a program, which stores 7 into `memory`, on `threads` threads, and runs `statements`. */
  function runInProcess(statements: string, threads: number, flags: readonly string[] = []): ChildProcess {
    const script = `
      import { createWasmEngine } from ${JSON.stringify(new URL("wasm-engine.ts", import.meta.url).href)};
      import { KernelBuilder } from ${JSON.stringify(new URL("../../kernel/builder.ts", import.meta.url).href)};
      const engine = createWasmEngine(${JSON.stringify(best)}, { threads: ${threads} });
      const k = new KernelBuilder("fill", engine.target);
      k.store(k.buffer("y", "f32", 4, "write"), 0, k.constant(7));
      const memory = engine.allocate(16);
      const value = () => new Float32Array(memory.bytes().slice().buffer)[3];
      const program = engine.program([{ kernel: k.build({ key: "fill" }), operands: [{ memory, byteOffset: 0, byteLength: 16 }], barrier: true }]);
      ${statements}
    `;
    const cwd = fileURLToPath(new URL("../../..", import.meta.url));
    const options = [...process.execArgv.filter((o) => o.includes("relaxed-simd")), ...flags, "--conditions=source", "--import", "tsx"];
    return spawn(process.execPath, [...options, "--input-type=module", "-e", script], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  }

  it.each(["program.run(); console.log(value());", "program.runAsync().then(() => console.log(value()));"])(
    "does not keep the process alive: %s",
    async (statement) => {
      // It ends by itself although the workers sleep and everything is in reach; a worker that held it would hold this test.
      const child = runInProcess(`globalThis.kept = [engine, memory, program]; ${statement}`, 2);
      let output = "";
      child.stdout?.on("data", (text: Buffer) => (output += text.toString()));
      expect(await once(child, "exit")).toEqual([0, null]);
      expect(output).toBe("7\n");
    },
  );

  it("has kernels optimized before they run", async () => {
    // Unless V8 says that it optimizes the kernel, which nobody has run, this never ends.
    const child = runInProcess("setInterval(() => {}, 1000);", 1, ["--trace-wasm-compilation-times"]);
    for await (const text of child.stdout ?? []) if (String(text).includes("TurboFan")) child.kill();
    expect(child.killed).toBe(true);
  });

  it.each([1, 2])("addresses memory above 2 GiB on %d threads", (threads) => {
    const engine = create(best, { threads });
    // Untouched, so that the system gives addresses only.
    const below = engine.allocate(2 ** 31 + 2 ** 20);
    const [input, at, output] = [4096, 64, 4096].map((bytes) => engine.allocate(bytes));
    const k = new KernelBuilder("high", engine.target);
    const x = k.buffer("x", "f32", 1024, "read");
    const offsets = k.buffer("offsets", "i32", 16, "read");
    const own = k.buffer("own", "f32", 4, "scratch");
    const y = k.buffer("y", "f32", 1024, "write");
    const chosen = k.loadIndex(offsets, 3, 0, 1020);
    k.store(own, 0, k.gather(x, 0, k.load(offsets, k.task.mul(-1).add(15), { count: 1 }), 1023));
    k.store(y, k.task.mul(4), k.add(k.load(x, chosen), k.load(own, 0)));
    const kernel = k.build({ key: "high", tasks: 16 });
    verifyKernel(kernel, engine.target);
    const view = (memory: Memory): DataView => new DataView(memory.bytes().buffer, memory.bytes().byteOffset, memory.byteLength);
    for (let i = 0; i < 1024; i++) view(input).setFloat32(i * 4, i, true);
    for (let i = 0; i < 16; i++) view(at).setInt32(i * 4, i * 60, true);
    const program = engine.program([{ kernel, operands: [input, at, output].map((memory) => operandIn(memory)), barrier: true }]);
    program.run();
    // Lane 0 of the gathered is of the task's offset, the others are of offset 0.
    const expected = Array.from({ length: 64 }, (_, i) => 180 + (i % 4) + (i % 4 === 0 ? 60 * (15 - i / 4) : 0));
    expect(Array.from({ length: 64 }, (_, i) => view(output).getFloat32(i * 4, true))).toEqual(expected);
    below.dispose();
  });

  it("addresses far displacements and pointers before their buffers", () => {
    const engine = create(best, { threads: 1 });
    const k = new KernelBuilder("far", engine.target);
    const x = k.buffer("x", "f32", 1_200_000, "read");
    const y = k.buffer("y", "f32", 16, "write");
    // Tasks 0 to 2 would read before the buffer, and do not.
    k.ifNonNegative(k.task.add(-3), () => {
      const at = k.task.mul(200_000).sub(600_000);
      k.store(y, k.task.mul(4).sub(12), k.add(k.load(x, at), k.load(x, at.add(599_990))));
    });
    const kernel = k.build({ key: "far", tasks: 6 });
    const [input, output] = [engine.allocate(1_200_000 * 4), engine.allocate(64)];
    const values = new Float32Array(input.bytes().buffer, input.bytes().byteOffset, 1_200_000);
    for (let i = 0; i < values.length; i++) values[i] = i;
    engine.program([{ kernel, operands: [input, output].map((memory) => operandIn(memory)), barrier: true }]).run();
    const got = new Float32Array(output.bytes().slice().buffer);
    const expected = [0, 1, 2].flatMap((t) => [0, 1, 2, 3].map((i) => 2 * (t * 200_000 + i) + 599_990));
    expect([...got].slice(0, 12)).toEqual(expected);
  });
});
