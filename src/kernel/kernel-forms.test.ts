import { describe, expect, it } from "vitest";
import { bfloat16ToNumber, numberToBfloat16 } from "../common/bfloat16.ts";
import { KernelBuilder } from "./builder.ts";
import { interpretKernel } from "./interpreter.ts";
import type { MemoryArray } from "./memory-array.ts";
import { printKernel } from "./print-kernel.ts";
import { interpreterTarget as target } from "./target.ts";
import { verifyKernel } from "./verify-kernel.ts";

/** Verifies and interprets a kernel over arrays in place. */
function run(k: KernelBuilder, ...arrays: readonly MemoryArray[]): void {
  const kernel = k.build({ key: k.name });
  verifyKernel(kernel, target);
  interpretKernel(kernel, target)(arrays, 0, kernel.tasks);
}

describe("accesses of an element of their own", () => {
  it("read bytes four at a time and move 64 bits as pairs of words", () => {
    const k = new KernelBuilder("words", target);
    const bytes = k.buffer("bytes", "u8", 9, "read");
    const words = k.buffer("words", "i32", 2, "write");
    const wide = k.buffer("wide", "i64", 2, "read");
    const copy = k.buffer("copy", "i64", 2, "write");
    k.store(words, 0, k.load(bytes, 1, { as: "i32", lanes: 2 }));
    k.store(copy, 0, k.load(wide, 0, { as: "i32", lanes: 4 }), { as: "i32" });
    const got = new Int32Array(2);
    const longs = new Int32Array(BigInt64Array.of(-5n, 2n ** 62n).buffer);
    const copied = new Int32Array(4);
    run(k, Uint8Array.of(9, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff), got, longs, copied);
    expect([...got]).toEqual([0x04030201, -1]);
    expect(copied).toEqual(longs);
  });

  it("are proven in bytes", () => {
    const kernelOf = (index: number) => {
      const k = new KernelBuilder("wild", target);
      const x = k.buffer("x", "u8", 10, "read");
      k.load(x, index, { as: "i32", lanes: 2 });
      return k.build({ key: "wild" });
    };
    verifyKernel(kernelOf(2), target);
    expect(() => verifyKernel(kernelOf(3), target)).toThrow("expected bytes in [0, 10), got [3, 11)");
  });

  it("widen and narrow 16 bits, and saturate where asked", () => {
    const k = new KernelBuilder("narrow", target);
    const x = k.buffer("x", "i32", 8, "read");
    const outputs = (["u8", "i8", "u16", "i16"] as const).map((e) => k.buffer(e, e, 16, "write"));
    const v = k.load(x, 0);
    for (const y of outputs) {
      k.store(y, 0, v);
      k.store(y, 8, v, { saturate: true });
    }
    const b = k.buffer("b", "bf16", 8, "readWrite");
    k.store(b, 0, k.add(k.load(b, 0), k.constant(0.25)));
    const values = [0, -1, 127, 128, 256, 70000, -40000, 2147483647];
    const arrays = [new Uint8Array(16), new Int8Array(16), new Uint16Array(16), new Int16Array(16)];
    const floats = [1, -2, 0.1, 256, NaN, 1e38, 0, 3];
    const halves = Uint16Array.from(floats, numberToBfloat16);
    run(k, Int32Array.from(values), ...arrays, halves);
    const ranges = [
      [0, 255],
      [-128, 127],
      [0, 65535],
      [-32768, 32767],
    ];
    for (const [i, array] of arrays.entries()) {
      const wrapped = array.slice(0, 8);
      wrapped.set(values);
      expect(array.subarray(0, 8)).toEqual(wrapped);
      expect([...array.subarray(8)]).toEqual(values.map((n) => Math.max(ranges[i][0], Math.min(ranges[i][1], n))));
    }
    expect([...halves]).toEqual(floats.map((n) => numberToBfloat16(bfloat16ToNumber(numberToBfloat16(n)) + 0.25)));
  });
});

describe("indices of 64 bits", () => {
  it("are clamped in 64 bits, and bound loops", () => {
    const k = new KernelBuilder("loop", target);
    const counts = k.buffer("counts", "i64", 4, "read");
    const y = k.buffer("y", "f32", 4 * 5, "write");
    k.for(4, (i) => k.range(0, k.loadIndex(counts, i, 0, 5), {}, (j) => k.store(y, i.mul(5).add(j), k.constant(1, { lanes: 1 }))));
    const got = new Float32Array(20);
    run(k, new Int32Array(BigInt64Array.of(2n, -1n, 2n ** 32n + 1n, 2n ** 63n - 1n).buffer), got);
    expect([0, 1, 2, 3].map((i) => got.subarray(i * 5, i * 5 + 5).reduce((a, b) => a + b))).toEqual([2, 0, 5, 5]);
  });
});

describe("gather", () => {
  const kernelOf = (most: number, length = 12) => {
    const k = new KernelBuilder("gather", target);
    const x = k.buffer("x", "f32", length, "read");
    const at = k.buffer("at", "i32", 8, "read");
    const y = k.buffer("y", "f32", 8, "write");
    k.store(y, 0, k.gather(x, 2, k.load(at, 0), most));
    return k;
  };
  it("reads lane by lane, clamped", () => {
    const got = new Float32Array(8);
    run(
      kernelOf(9),
      Float32Array.from({ length: 12 }, (_, i) => i),
      Int32Array.of(0, 5, 9, 10, -1, 2147483647, -2147483648, 3),
      got,
    );
    expect([...got]).toEqual([2, 7, 11, 11, 2, 11, 2, 5]);
  });
  it("is proven by its clamp", () => {
    expect(() => run(kernelOf(10))).toThrow("may lie outside");
  });
});

describe("scratch memory", () => {
  it("is the kernel's own", () => {
    const k = new KernelBuilder("scratch", target);
    const x = k.buffer("x", "f32", 8, "read");
    const a = k.buffer("a", "f32", 5, "scratch");
    const b = k.buffer("b", "f32", 8, "scratch");
    const y = k.buffer("y", "f32", 8, "write");
    k.store(b, 0, k.load(x, 0));
    k.store(a, 0, k.constant(7), { count: 5 });
    k.store(y, 0, k.load(b, 0));
    const kernel = k.build({ key: "scratch" });
    expect([kernel.buffers.length, kernel.scratchBytes, kernel.scratch.map((s) => s.byteOffset)]).toEqual([2, 128, [0, 64]]);
    const got = new Float32Array(8);
    const given = Float32Array.from({ length: 8 }, (_, i) => i);
    run(k, given, got);
    expect(got).toEqual(given);
  });
  it("is limited", () => {
    const k = new KernelBuilder("large", target);
    k.buffer("a", "f32", 2 ** 18 + 1, "scratch");
    expect(() => run(k)).toThrow("bytes of scratch");
  });
});

describe("dot products and shuffles of bytes", () => {
  const words = (...bytes: number[]): Int32Array => new Int32Array(Uint8Array.from(bytes).buffer);
  it("dotU8I8 takes u8 times i8", () => {
    const k = new KernelBuilder("dot", target);
    const [a, b, c, y] = ["a", "b", "c", "y"].map((name) => k.buffer(name, "i32", 2, name === "y" ? "write" : "read"));
    const at = (x: typeof a) => k.load(x, 0, { lanes: 2 });
    k.store(y, 0, k.dotU8I8(at(a), at(b), at(c)));
    const got = new Int32Array(2);
    run(k, words(255, 1, 2, 200, 255, 255, 255, 255), words(128, 3, 255, 127, 128, 128, 128, 128), Int32Array.of(10, -7), got);
    expect([...got]).toEqual([10 + 255 * -128 + 3 - 2 + 200 * 127, -7 + 4 * 255 * -128]);
  });
  it("dotBf16 takes pairs", () => {
    const k = new KernelBuilder("dot", target);
    const a = k.buffer("a", "bf16", 2, "read");
    const y = k.buffer("y", "f32", 1, "write");
    const pair = k.load(a, 0, { as: "i32", lanes: 1 });
    k.store(y, 0, k.dotBf16(pair, pair, k.constant(0.5, { lanes: 1 })));
    const got = new Float32Array(1);
    run(k, Uint16Array.of(numberToBfloat16(3), numberToBfloat16(-1.5)), got);
    expect(got[0]).toBe(0.5 + 9 + 2.25);
  });
  it("shuffleBytes moves bytes of each group", () => {
    const k = new KernelBuilder("shuffle", target);
    const x = k.buffer("x", "i32", 8, "read");
    const y = k.buffer("y", "i32", 8, "write");
    const table = [15, 14, 13, 12, -1, -1, 0, 1, 2, 2, 2, 2, 3, 4, 5, 6];
    k.store(y, 0, k.shuffleBytes(k.load(x, 0), table));
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    const got = new Int32Array(8);
    run(k, new Int32Array(bytes.buffer), got);
    const expected = Uint8Array.from({ length: 32 }, (_, i) => (table[i % 16] < 0 ? 0 : bytes[(i & 16) + table[i % 16]]));
    expect(new Uint8Array(got.buffer)).toEqual(expected);
  });
});

it("prints the forms", () => {
  const k = new KernelBuilder("forms", target);
  const x = k.buffer("x", "u8", 64, "read");
  const at = k.buffer("at", "i64", 4, "read");
  const t = k.buffer("t", "i32", 8, "scratch");
  const words = k.load(x, k.loadIndex(at, 0, 0, 3), { as: "i32" });
  k.store(t, 0, k.dotU8I8(words, k.shuffleBytes(words, [0, 1, 2, 3, -1, -1, -1, -1, 8, 9, 10, 11, 12, 13, 14, 15]), words));
  k.store(t, 1, k.gather(t, 0, words, 7), { as: "u8", saturate: true });
  expect(printKernel(k.build({ key: "forms" }))).toMatchInlineSnapshot(`
    "kernel "forms" tasks 1
      read x: u8[64]
      read at: i64[4]
      scratch t: i32[8]
      task task0
      at1 = clamp(at[0], 0, 3)
      v0:i32x8 = load x[at1] as i32
      v1:i32x8 = shuffleBytes v0, [0 1 2 3 - - - - 8 9 10 11 12 13 14 15]
      v2:i32x8 = dotU8I8 v0, v1, v0
      store t[0] = v2
      v3:i32x8 = gather t[0] + clamp(v0, 0, 7)
      store saturated t[1] as u8 = v3
    "
  `);
});
