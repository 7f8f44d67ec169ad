import { describe, expect, it } from "vitest";
import { KernelBuilder } from "./builder.ts";
import { InterpreterEngine } from "./interpreter-engine.ts";
import { interpretKernel } from "./interpreter.ts";
import { targets } from "./targets.fixture.ts";
import { operandIn } from "./engine.ts";

const target = targets.interpreter;

describe("interpretKernel", () => {
  it("runs loops, accumulators and tails", () => {
    const n = 21;
    const k = new KernelBuilder("axpy", target);
    const x = k.buffer("x", "f32", n, "read");
    const y = k.buffer("y", "f32", n, "readWrite");
    const factor = k.constant(3);
    const whole = Math.floor(n / k.lanes);
    k.for(whole, (i) => k.store(y, i.mul(k.lanes), k.fma(k.load(x, i.mul(k.lanes)), factor, k.load(y, i.mul(k.lanes)))));
    const at = whole * k.lanes;
    const count = n - at;
    k.store(y, at, k.fma(k.load(x, at, { count }), factor, k.load(y, at, { count })), { count });
    const xs = Float32Array.from({ length: n }, (_, i) => i / 7);
    const ys = Float32Array.from({ length: n }, (_, i) => 10 - i);
    const expected = ys.map((v, i) => Math.fround(xs[i] * 3) + v);
    interpretKernel(k.build({ key: "axpy" }), target)([xs, ys], 0, 1);
    expect(ys).toEqual(expected);
  });

  it("names kernel, buffer, index and length of an access outside", () => {
    const k = new KernelBuilder("wild", target);
    const x = k.buffer("input", "f32", 10, "read");
    const y = k.buffer("output", "f32", 16, "write");
    k.store(y, 0, k.load(x, k.task.mul(8)));
    const run = interpretKernel(k.build({ key: "wild", tasks: 2 }), target);
    const arrays = [new Float32Array(10), new Float32Array(16)];
    run(arrays, 0, 1);
    expect(() => run(arrays, 1, 2)).toThrow(
      'kernel "wild", buffer "input": access outside the buffer; expected elements in [0, 10), got [8, 16).',
    );
  });

  it("clamps loaded indices", () => {
    const k = new KernelBuilder("gather", target);
    const at = k.buffer("at", "i32", 3, "read");
    const x = k.buffer("x", "f32", 4, "read");
    const y = k.buffer("y", "f32", 3, "write");
    k.for(3, (i) => k.store(y, i, k.load(x, k.loadIndex(at, i, 0, 3), { lanes: 1 })));
    const out = new Float32Array(3);
    interpretKernel(k.build({ key: "gather" }), target)([Int32Array.of(2, -5, 99), Float32Array.of(1, 2, 3, 4), out], 0, 1);
    expect([...out]).toEqual([3, 1, 4]);
  });

  it("keeps the bits of words that are a NaN", () => {
    const k = new KernelBuilder("copy", target);
    const x = k.buffer("x", "i32", 8, "read");
    const y = k.buffer("y", "i32", 8, "write");
    k.store(y, 0, k.compute("asI32", [k.compute("asF32", [k.load(x, 0)])]));
    const bits = Int32Array.of(0x7f800001, 0x7fc00123, -1, 0, 1, -2147483648, 0x7fffffff, 42);
    const out = new Int32Array(8);
    interpretKernel(k.build({ key: "copy" }), target)([bits, out], 0, 1);
    expect(out).toEqual(bits);
  });
});

describe("InterpreterEngine", () => {
  it("runs a program of steps on its memory", async () => {
    const engine = new InterpreterEngine();
    const memory = engine.allocate(128);
    const k = new KernelBuilder("double", engine.target);
    const x = k.buffer("x", "f32", 8, "read");
    const y = k.buffer("y", "f32", 8, "write");
    const v = k.load(x, 0);
    k.store(y, 0, k.add(v, v));
    const kernel = k.build({ key: "double" });
    const operands = (from: number, to: number) => [from, to].map((byteOffset) => operandIn(memory, byteOffset));
    const program = engine.program([
      { kernel, operands: operands(0, 32), barrier: false },
      { kernel, operands: operands(32, 64), barrier: true },
    ]);
    const words = new Float32Array(memory.bytes().buffer);
    words.fill(1.5, 0, 8);
    await program.runAsync();
    expect(words[16]).toBe(6);
    words.fill(2.5, 0, 8);
    expect(program.runProfiled()).toHaveLength(2);
    expect(words[23]).toBe(10);
    expect(() => engine.program([{ kernel, operands: operands(0, 100), barrier: false }])).toThrow("does not hold the buffer");
  });
});
