import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Memory } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import { ScaledTensor } from "../../tensor/scaled-tensor.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { ConstantPool } from "./constant-pool.ts";

test("keeps constants apart, aligned and unchanged, in few allocations", () => {
  // From nothing to beyond the smallest chunk, 256 KiB.
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 60_000, max: 90_000 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const engine = new InterpreterEngine();
      const allocate = vi.spyOn(engine, "allocate");
      const pool = new ConstantPool(engine);
      const arrays = lengths.map((length, i) => new Float32Array(length).fill(i + 1));
      const places = arrays.map((array, i) =>
        pool.get(`constant ${i}`, array.byteLength, (bytes) => bytes.set(new Uint8Array(array.buffer))),
      );
      for (const [i, { memory, byteOffset }] of places.entries()) {
        expect(byteOffset % 64).toBe(0);
        const bytes = memory.bytes();
        const kept = new Float32Array(bytes.buffer, bytes.byteOffset + byteOffset, lengths[i]);
        expect(kept.every((v) => v === i + 1)).toBe(true);
      }
      expect(pool.byteLength).toBe(allocate.mock.results.reduce((n, r) => n + (r.value as Memory).byteLength, 0));
      const total = lengths.reduce((n, length) => n + length * 4, 0);
      expect(allocate.mock.calls.length).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(1 + total / 2 ** 18)) + 1);
      pool.dispose();
    }),
    { numRuns: 30 },
  );
});

test("makes the data of a key once", () => {
  const pool = new ConstantPool(new InterpreterEngine());
  const fill = vi.fn<(bytes: Uint8Array) => void>((bytes) => bytes.fill(1));
  expect(pool.get("k", 8, fill)).toBe(pool.get("k", 8, fill));
  expect(fill).toHaveBeenCalledOnce();
  pool.dispose();
  expect(pool.byteLength).toBe(0);
});

test("names data, not tensors: copies of a model share it", () => {
  const pool = new ConstantPool(new InterpreterEngine());
  const data = Float32Array.of(1, 2, 3, 4);
  const key = pool.keyOf(new Tensor("f32", [4], data));
  expect(pool.keyOf(new Tensor("f32", [2, 2], data))).toBe(key);
  expect(pool.keyOf(new Tensor("f32", [4], Float32Array.from(data)))).not.toBe(key);
});

test("names scaled weights by weights and factors, and does not multiply them for that", () => {
  const pool = new ConstantPool(new InterpreterEngine());
  const base = new Tensor("f32", [2, 2], Float32Array.of(1, 2, 3, 4));
  const factor = Float32Array.of(1, 2);
  const scaled = (shape: readonly number[]): ScaledTensor => new ScaledTensor(base, new Tensor("f32", shape, factor));
  const read = vi.spyOn(Tensor.prototype, "readOnce");
  const key = pool.keyOf(scaled([2, 1]));
  expect(pool.keyOf(scaled([2, 1]))).toBe(key);
  expect(pool.keyOf(scaled([1, 2]))).not.toBe(key);
  expect(pool.keyOf(base)).not.toBe(key);
  expect(read).not.toHaveBeenCalled();
  read.mockRestore();
});

test("frees what it has allocated", () => {
  const engine = new InterpreterEngine();
  const allocate = vi.spyOn(engine, "allocate");
  const pool = new ConstantPool(engine);
  pool.get("small", 40, () => {});
  pool.get("large", 800_000, () => {});
  const freed = allocate.mock.results.map((r) => vi.spyOn(r.value as Memory, "dispose"));
  pool.dispose();
  for (const dispose of freed) expect(dispose).toHaveBeenCalledOnce();
});
