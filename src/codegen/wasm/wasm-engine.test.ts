import { describe, expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { targets } from "../../kernel/target.ts";
import { availableWasmTargets } from "./features.ts";
import { createWasmEngine } from "./wasm-engine.ts";

describe.each(availableWasmTargets())("createWasmEngine(%s)", (name) => {
  const target = targets[name];

  /** y += x, in `tasks` pieces of 64. */
  function addKernel(tasks: number) {
    const k = new KernelBuilder("add", target);
    const x = k.buffer("x", "f32", tasks * 64, "read");
    const y = k.buffer("y", "f32", tasks * 64, "readWrite");
    k.for(16, (i) => {
      const at = k.task.mul(64).add(i.mul(4));
      k.store(y, at, k.add(k.load(x, at), k.load(y, at)));
    });
    return k.build({ key: `add ${tasks}`, tasks });
  }

  it.each([1, 2, 3])("runs programs on %d threads", async (threads) => {
    const engine = createWasmEngine(name, { threads });
    const tasks = 50;
    const kernel = addKernel(tasks);
    const bytes = tasks * 256;
    const memory = engine.allocate(bytes * 2);
    const operands = [
      { memory, byteOffset: 0 },
      { memory, byteOffset: bytes },
    ];
    const back = operands.toReversed();
    // Doubles by turns: y += x, x += y ...
    const program = engine.program(
      Array.from({ length: 10 }, (_, i) => ({ kernel, operands: i % 2 === 0 ? operands : back, barrier: true })),
    );
    const values = (): Float32Array => new Float32Array(memory.bytes().buffer, memory.bytes().byteOffset, tasks * 128);
    let [x, y] = [1, 0];
    values().fill(1, 0, tasks * 64);
    const advance = (): void => {
      for (let i = 0; i < 5; i++) {
        y += x;
        x += y;
      }
    };
    const check = (): void => {
      expect(new Set(values().subarray(0, tasks * 64))).toEqual(new Set([Math.fround(x)]));
      expect(new Set(values().subarray(tasks * 64))).toEqual(new Set([Math.fround(y)]));
    };
    program.run();
    advance();
    check();
    await program.runAsync();
    advance();
    check();
    expect(program.runProfiled()).toHaveLength(10);
    program.dispose();
    engine.dispose();
  });
});
