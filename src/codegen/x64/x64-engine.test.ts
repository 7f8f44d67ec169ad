import { constants } from "node:buffer";
import { describe, expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { type Engine, type Memory, operandIn, type Step } from "../../kernel/engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";

const available = availableX64Targets();

/** y[i] = 2 * x[i] + 1, a task for each `lanes` elements. */
function scale(engine: Engine, length: number, inOneTask = false): Kernel {
  const k = new KernelBuilder("scale", engine.target);
  const x = k.buffer("x", "f32", length, "read");
  const y = k.buffer("y", "f32", length, "write");
  const { lanes } = k;
  const run = (at: Parameters<typeof k.load>[1]): void => k.store(y, at, k.fma(k.load(x, at), k.constant(2), k.constant(1)));
  if (inOneTask) k.for(length / lanes, (i) => run(i.mul(lanes)));
  else run(k.task.mul(lanes));
  return k.build({ key: `scale ${length} ${inOneTask}`, tasks: inOneTask ? 1 : length / lanes });
}

const floats = (memory: Memory): Float32Array => {
  const bytes = memory.bytes();
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};

describe.skipIf(available.length === 0).each(available)("X64Engine on %s", (target) => {
  const length = 16 * 64;

  it.each([1, 2, 3, 5])("runs dependent steps in order on %i threads", async (threads) => {
    const engine = createX64Engine(target, { threads });
    expect(engine.threads).toBe(threads);
    const memories = [engine.allocate(length * 4), engine.allocate(length * 4)];
    const steps: Step[] = [];
    for (let i = 0; i < 20; i++)
      steps.push({
        kernel: scale(engine, length, i % 4 === 3),
        operands: [memories[i % 2], memories[(i + 1) % 2]].map((memory) => operandIn(memory)),
        barrier: true,
      });
    const program = engine.program(steps);
    for (let run = 0; run < 500; run++) {
      floats(memories[0]).fill(run % 2);
      if (run % 50 === 0) await program.runAsync();
      else program.run();
      // Twenty times x -> 2x + 1.
      const expected = Math.fround((run % 2) * 2 ** 20 + 2 ** 20 - 1);
      expect(floats(memories[0]).every((v) => v === expected)).toBe(true);
    }
    engine.dispose();
    for (const m of memories) m.dispose();
  });

  it.each([2, 3])("waits only where a step says so, also behind steps of one task, on %i threads", (threads) => {
    const engine = createX64Engine(target, { threads });
    const blocks = Array.from({ length: 4 }, () => engine.allocate(length * 4));
    // b = f(a); then, behind one wait, c = f(b) as one task and d = f(b) as many.
    const step = (from: number, to: number, inOneTask: boolean, barrier: boolean): Step => ({
      kernel: scale(engine, length, inOneTask),
      operands: [from, to].map((i) => operandIn(blocks[i])),
      barrier,
    });
    const program = engine.program([step(0, 1, false, false), step(1, 2, true, true), step(1, 3, false, false), step(3, 0, false, true)]);
    for (let run = 0; run < 1500; run++) {
      floats(blocks[0]).fill(run);
      program.run();
      if (!floats(blocks[2]).every((v) => v === 4 * run + 3) || !floats(blocks[0]).every((v) => v === 8 * run + 7))
        expect.unreachable(`run ${run}`);
    }
    engine.dispose();
  });

  it("lets programs run at the same time, and the event loop turn", async () => {
    const engine = createX64Engine(target, { threads: 2 });
    const programs = Array.from({ length: 3 }, (_, i) => {
      const [x, y] = [engine.allocate(length * 4), engine.allocate(length * 4)];
      floats(x).fill(i);
      return {
        y,
        program: engine.program(
          Array.from({ length: 200 }, (): Step => ({
            kernel: scale(engine, length),
            operands: [operandIn(x), operandIn(y)],
            barrier: true,
          })),
        ),
      };
    });
    for (let run = 0; run < 20; run++) await Promise.all(programs.map(({ program }) => program.runAsync()));
    for (const [i, { y }] of programs.entries()) expect(floats(y).every((v) => v === 2 * i + 1)).toBe(true);
    engine.dispose();
  });

  it("lets any number of programs run at the same time", async () => {
    const engine = createX64Engine(target, { threads: 2 });
    const memory = engine.allocate(length * 4);
    const operands = [memory, memory].map((m) => operandIn(m));
    const programs = Array.from({ length: 600 }, () => engine.program([{ kernel: scale(engine, length), operands, barrier: true }]));
    await Promise.all(programs.map((p) => p.runAsync()));
    engine.dispose();
  });

  it("gives the time of each step", () => {
    const engine = createX64Engine(target, { threads: 2 });
    const memory = engine.allocate(length * 4);
    const operands = [memory, memory].map((m) => operandIn(m));
    const program = engine.program([1, 2, 3].map((): Step => ({ kernel: scale(engine, length), operands, barrier: true })));
    const times = program.runProfiled();
    expect(times).toHaveLength(3);
    expect(times.every((t) => t >= 0)).toBe(true);
    expect(floats(memory).every((v) => v === 7)).toBe(true);
    engine.dispose();
  });

  it("profiles while another program has the threads", async () => {
    const engine = createX64Engine(target, { threads: 2 });
    const program = (): ReturnType<Engine["program"]> => {
      const memory = engine.allocate(length * 4);
      const operands = [memory, memory].map((m) => operandIn(m));
      return engine.program(
        Array.from({ length: 300 }, (_, i): Step => ({ kernel: scale(engine, length, i % 3 === 0), operands, barrier: true })),
      );
    };
    const [busy, profiled] = [program(), program()];
    for (let run = 0; run < 20; run++) {
      const running = busy.runAsync();
      expect(profiled.runProfiled()).toHaveLength(300);
      await running;
    }
    engine.dispose();
  });

  it("refuses operands that do not hold the buffer, and programs in use or disposed of", async () => {
    const engine = createX64Engine(target, { threads: 1 });
    const memory = engine.allocate(length * 4);
    const kernel = scale(engine, length);
    const at = (byteOffset: number): Step => ({
      kernel,
      operands: [0, byteOffset].map((o) => operandIn(memory, o)),
      barrier: false,
    });
    expect(() => engine.program([at(4)])).toThrow(/does not hold/);
    expect(() => engine.program([at(2)])).toThrow(/does not hold/);
    const program = engine.program([at(0)]);
    const running = program.runAsync();
    expect(() => program.run()).toThrow(/still running/);
    await running;
    program.dispose();
    expect(() => program.run()).toThrow(/disposed/);
    engine.dispose();
  });

  it("aligns memory to 64 bytes, zeroed, and reports what it cannot have", () => {
    const engine = createX64Engine(target, { threads: 1 });
    for (const bytes of [0, 1, 63, 64, 4095, 4096, 5_000_000]) {
      const memory = engine.allocate(bytes);
      expect(memory.bytes()).toHaveLength(bytes);
      expect(memory.bytes().every((b) => b === 0)).toBe(true);
      memory.dispose();
    }
    for (const bytes of [-1, 2.5, 2 ** 50])
      expect(() => engine.allocate(bytes)).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    engine.dispose();
  });

  it("has no memory that JavaScript cannot see", () => {
    const engine = createX64Engine(target, { threads: 1 });
    for (const bytes of [2 ** 32, 2 ** 32 + 64, 8.5e9]) {
      const allocate = (): void => {
        const memory = engine.allocate(bytes);
        expect(memory.bytes()).toHaveLength(bytes);
        memory.dispose();
      };
      const mayFail = expect.objectContaining({ code: "OUT_OF_MEMORY" });
      // Node.js 20 has arrays of 4 GiB and none larger: there the process ended.
      if (bytes > constants.MAX_LENGTH) expect(allocate).toThrow(mayFail);
      else {
        try {
          allocate();
        } catch (error) {
          expect(error).toEqual(mayFail);
        }
      }
    }
    engine.dispose();
  });

  it("does not leak by engines, programs and runs", () => {
    const round = (): void => {
      const engine = createX64Engine(target, { threads: 2 });
      const memory = engine.allocate(length * 4);
      const operands = [memory, memory].map((m) => operandIn(m));
      for (let i = 0; i < 5; i++) {
        const program = engine.program([{ kernel: scale(engine, length), operands, barrier: true }]);
        for (let run = 0; run < 500; run++) program.run();
        program.dispose();
      }
      memory.dispose();
      engine.dispose();
    };
    for (let i = 0; i < 5; i++) round();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i++) round();
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20);
  });
});

if (available.length === 0) it.skip("needs koffi and a processor with AVX2: x64 engine");

it.skipIf(available.length === 0).each(available)("reaches bytes gigabytes apart on %s", (target) => {
  const engine = createX64Engine(target, { threads: 1 });
  const length = 2 ** 31 + 4096;
  const k = new KernelBuilder("far", engine.target);
  const y = k.buffer("y", "u8", length, "write");
  const word = (n: number) => k.constant(n, { element: "i32", lanes: 1 });
  // Strides above what drifts take in, displacements above what one pointer reaches, and both after a loop has ended.
  k.for(4, (i) => k.store(y, i.mul(2 ** 29).add(5), word(1)));
  k.for(2, (i) =>
    k.for(2, (j) =>
      k.store(
        y,
        i
          .mul(2 ** 30)
          .add(j.mul(2 ** 30))
          .add(9),
        word(2),
      ),
    ),
  );
  k.store(y, length - 1, word(3));
  const memory = engine.allocate(length);
  const program = engine.program([{ kernel: k.build({ key: "far" }), operands: [operandIn(memory)], barrier: true }]);
  program.run();
  const bytes = memory.bytes();
  const expected = [0, 1, 2, 3]
    .map((i) => [i * 2 ** 29 + 5, 1])
    .concat(
      [0, 1, 2].map((i) => [i * 2 ** 30 + 9, 2]),
      [[length - 1, 3]],
    );
  for (const [at, value] of expected) expect([at, bytes[at]]).toEqual([at, value]);
  program.dispose();
  memory.dispose();
  engine.dispose();
});
