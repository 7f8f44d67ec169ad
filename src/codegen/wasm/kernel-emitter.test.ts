import { expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { createWasmEngine } from "./wasm-engine.ts";

it("emits values where they are used, pointers that run, constants once", () => {
  const engine = createWasmEngine("wasm-simd", { threads: 1 });
  const k = new KernelBuilder("scale and add", engine.target);
  const x = k.buffer("x", "f32", 64, "read");
  const y = k.buffer("y", "f32", 64, "readWrite");
  k.for(8, (i) => {
    const at = k.task.mul(32).add(i.mul(4));
    k.store(y, at, k.fma(k.load(x, at), k.constant(2), k.load(y, at)));
    k.mul(k.load(x, at), k.constant(3));
  });
  expect(engine.disassemble(k.build({ key: "", tasks: 2 }))).toMatchInlineSnapshot(`
    "(func $scale_and_add
      (param i32 i32 i32 i32)
      (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 v128)
      v128.const i32x4 0x40000000 0x40000000 0x40000000 0x40000000
      local.set 14
      local.get 0
      i32.load align=4
      local.set 4
      local.get 0
      i32.load offset=4 align=4
      local.set 5
      local.get 4
      local.set 6
      local.get 5
      local.set 7
      local.get 1
      local.set 8
      local.get 8
      local.get 2
      i32.lt_s
      if
        loop
          local.get 8
          i32.const 0
          i32.ge_s
          if
            local.get 6
            local.get 8
            i32.const 128
            i32.mul
            i32.add
            local.set 9
            local.get 7
            local.get 8
            i32.const 128
            i32.mul
            i32.add
            local.set 10
            i32.const 8
            local.set 11
            local.get 9
            local.set 12
            local.get 10
            local.set 13
            loop
              local.get 13
              local.get 12
              v128.load align=4
              local.get 14
              f32x4.mul
              local.get 13
              v128.load align=4
              f32x4.add
              v128.store align=4
              local.get 12
              i32.const 16
              i32.add
              local.set 12
              local.get 13
              i32.const 16
              i32.add
              local.set 13
              local.get 11
              i32.const -1
              i32.add
              local.tee 11
              br_if 0
            end
          end
          local.get 8
          i32.const 1
          i32.add
          local.tee 8
          local.get 2
          i32.lt_s
          br_if 0
        end
      end)
    "
  `);
  engine.dispose();
});

it("cuts unrolled sums into basic blocks that fit the registers", () => {
  const engine = createWasmEngine("wasm-simd", { threads: 1 });
  const listing = (unroll: number): string => {
    const k = new KernelBuilder("tile", engine.target);
    const x = k.buffer("x", "f32", 64 * 4, "read");
    const w = k.buffer("w", "f32", 64 * 8, "read");
    const y = k.buffer("y", "f32", 32, "write");
    const sums = k.accumulators(4, 2);
    k.for(64, { unroll }, (i) => {
      const weights = k.each(2, (v) => k.load(w, i.mul(8).add(v * 4)));
      for (const [row, vectors] of sums.entries()) {
        const value = k.broadcast(x, i.add(row * 64));
        for (const [v, sum] of vectors.entries()) k.accumulate(sum, value, weights[v]);
      }
    });
    for (const [i, sum] of sums.flat().entries()) k.store(y, i * 4, sum);
    return engine.disassemble(k.build({ key: "" }));
  };
  const cuts = (text: string): number => text.split("i32.eq\n").length - 1;
  expect(cuts(listing(1))).toBe(0);
  expect(cuts(listing(4))).toBe(3);
  engine.dispose();
});

it("rejects kernels for wider vectors", () => {
  const engine = createWasmEngine("wasm-simd", { threads: 1 });
  const k = new KernelBuilder("wide", targets["x64-avx2"]);
  const x = k.buffer("x", "f32", 8, "readWrite");
  k.store(x, 0, k.variable(k.load(x, 0)));
  expect(() => engine.disassemble(k.build({ key: "" }))).toThrow("8 lanes in a 128-bit vector");
  engine.dispose();
});
