import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { type Engine, operandIn, type Program } from "../../kernel/engine.ts";
import { availableX64Targets, x64Backend } from "../x64/x64-engine.ts";

const tasksFolder = "/proc/self/task";
const [target] = availableX64Targets();
const threadsOfProcess = (): number => readdirSync(tasksFolder).length;

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.dispose();
});
function createEngine(threads: number, runs = 1): Engine {
  const engine = x64Backend.createEngine(target, { threads, runs });
  engines.push(engine);
  return engine;
}

const tasks = 64;

/** Steps that each add 1 to all of 64 vectors, a task each, in `rounds` rounds. */
function counter(engine: Engine, steps: number, rounds: number): { program: Program; values: () => readonly number[] } {
  const k = new KernelBuilder("count", engine.target);
  const x = k.buffer("x", "f32", tasks * k.lanes, "readWrite");
  const at = k.task.mul(k.lanes);
  k.range(0, rounds, { name: "round" }, () => k.store(x, at, k.add(k.load(x, at), k.constant(1))));
  const memory = engine.allocate(tasks * k.lanes * 4);
  const step = { kernel: k.build({ key: `count ${rounds}`, tasks }), operands: [operandIn(memory)], barrier: true };
  return {
    program: engine.program(Array.from({ length: steps }, () => step)),
    values: () => {
      const bytes = memory.bytes();
      return [...new Set(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4))];
    },
  };
}

describe.skipIf(target === undefined || !existsSync(tasksFolder))("the threads of native engines", () => {
  it("are the process's: as many as the engine that wants most, until nobody does", () => {
    const before = threadsOfProcess();
    const [three, two] = [createEngine(3), createEngine(2)];
    expect(threadsOfProcess()).toBe(before + 2);
    const five = createEngine(5);
    expect(threadsOfProcess()).toBe(before + 4);
    for (const engine of [three, two, five]) {
      const { program, values } = counter(engine, 10, 3);
      for (let run = 0; run < 50; run++) program.run();
      expect(values()).toEqual([10 * 3 * 50]);
    }
    five.dispose();
    two.dispose();
    const { program, values } = counter(three, 5, 1);
    program.run();
    expect(values()).toEqual([5]);
    three.dispose();
    expect(threadsOfProcess()).toBe(before);
  });

  it("are as many as all runs at the same time can use", () => {
    const before = threadsOfProcess();
    createEngine(3, 2);
    expect(threadsOfProcess()).toBe(before + 4);
  });

  it("serve runs of several engines at the same time, while others come and go", async () => {
    const users = [2, 3, 2].map((threads) => counter(createEngine(threads), 40, 200));
    const running = users.map(async ({ program }) => {
      for (let run = 0; run < 20; run++) await program.runAsync();
    });
    for (let i = 0; i < 20; i++) {
      const engine = createEngine(2 + (i % 4));
      const { program, values } = counter(engine, 20, 10);
      program.run();
      await program.runAsync();
      expect(values()).toEqual([400]);
      engine.dispose();
    }
    await Promise.all(running);
    for (const { values } of users) expect(values()).toEqual([40 * 200 * 20]);
  });

  it("have scratch memory of their own", () => {
    const engine = createEngine(3);
    const k = new KernelBuilder("scratch", engine.target);
    const y = k.buffer("y", "f32", tasks * k.lanes, "write");
    const s = k.buffer("s", "f32", k.lanes, "scratch");
    k.store(s, 0, k.constant(0));
    k.range(0, 500, { name: "round" }, () => k.store(s, 0, k.add(k.load(s, 0), k.constant(1))));
    k.store(y, k.task.mul(k.lanes), k.load(s, 0));
    const memory = engine.allocate(tasks * k.lanes * 4);
    const kernel = k.build({ key: "count in scratch", tasks });
    const program = engine.program([{ kernel, operands: [operandIn(memory)], barrier: false }]);
    for (let run = 0; run < 200; run++) program.run();
    const bytes = memory.bytes();
    expect([...new Set(new Float32Array(bytes.buffer, bytes.byteOffset, tasks * k.lanes))]).toEqual([500]);
  });

  it("end with the worker of Node.js that has them, whatever it holds", async () => {
    const module = new URL("../x64/x64-engine.ts", import.meta.url).href;
    const inWorker = `
      import { readdirSync } from "node:fs";
      import { parentPort } from "node:worker_threads";
      import { register } from "tsx/esm/api";
      register();
      const { x64Backend } = await import(${JSON.stringify(module)});
      globalThis.kept = x64Backend.createEngine(${JSON.stringify(target)}, { threads: 9 });
      parentPort.postMessage(readdirSync(${JSON.stringify(tasksFolder)}).length);
    `;
    const script = `
      import { readdirSync } from "node:fs";
      import { Worker } from "node:worker_threads";
      const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
      worker.on("message", (during) => worker.on("exit", () => console.log(during - readdirSync(${JSON.stringify(tasksFolder)}).length >= 8)));
    `;
    const cwd = fileURLToPath(new URL("../../..", import.meta.url));
    const options = ["--conditions=source", "--import", "tsx", "--input-type=module", "-e", script];
    expect((await promisify(execFile)(process.execPath, options, { cwd })).stdout).toBe("true\n");
  });
});
