import { availableWasmTargets, createWasmEngine } from "../src/codegen/wasm/wasm-engine.ts";
import { KernelBuilder } from "../src/kernel/builder.ts";
import type { Kernel } from "../src/kernel/kernel.ts";
import type { KernelTarget } from "../src/kernel/target.ts";

/**
 * GFLOP/s of register tiles (rows x vectors, by unrolling) of a matrix product on the WebAssembly targets, one thread: what
 * the engine makes of the code, and so which tiles the kernels should choose. `tsx --conditions=source bench/wasm-tiles.ts [4x2,...]`
 */
const [m, n, depth] = [240, 192, 256];
const tiles = (process.argv[2] ?? "4x2,3x3,2x4,2x3,1x6,5x2,6x2,4x3").split(",").map((text) => text.split("x").map(Number));
const unrolls = [1, 2, 4, 8];

function product(target: KernelTarget, rows: number, vectors: number, unroll: number): Kernel {
  const k = new KernelBuilder(`product ${rows}x${vectors}`, target);
  const a = k.buffer("a", "f32", m * depth, "read");
  const b = k.buffer("b", "f32", n * depth, "read");
  const c = k.buffer("c", "f32", m * n, "write");
  const block = vectors * target.lanes;
  const [column, row] = k.splitTask(n / block, Math.floor(m / rows));
  const sums = k.accumulators(rows, vectors);
  k.for(depth, { unroll }, (i) => {
    const weights = k.each(vectors, (v) =>
      k.load(
        b,
        column
          .mul(depth)
          .add(i)
          .mul(block)
          .add(v * target.lanes),
      ),
    );
    for (const [r, ofRow] of sums.entries()) {
      const value = k.broadcast(a, row.mul(rows).add(r).mul(depth).add(i));
      for (const [v, sum] of ofRow.entries()) k.accumulate(sum, value, weights[v]);
    }
  });
  for (const [r, ofRow] of sums.entries())
    for (const [v, sum] of ofRow.entries())
      k.store(
        c,
        row
          .mul(rows)
          .add(r)
          .mul(n)
          .add(column.mul(block))
          .add(v * target.lanes),
        sum,
      );
  const tasks = (n / block) * Math.floor(m / rows);
  return k.build({ key: `${rows}x${vectors} ${unroll}`, tasks, flops: 2 * tasks * rows * block * depth });
}

for (const name of availableWasmTargets()) {
  const engine = createWasmEngine(name, { threads: 1 });
  for (const [rows, vectors] of tiles) {
    const speeds = unrolls.map((unroll) => {
      const kernel = product(engine.target, rows, vectors, unroll);
      const memories = kernel.buffers.map((b) => engine.allocate(b.length * 4));
      const program = engine.program([{ kernel, operands: memories.map((memory) => ({ memory, byteOffset: 0 })), barrier: true }]);
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 30; i++) {
        const begin = performance.now();
        program.run();
        best = Math.min(best, performance.now() - begin);
      }
      program.dispose();
      for (const memory of memories) memory.dispose();
      return (kernel.flops / best / 1e6).toFixed(1).padStart(5);
    });
    process.stdout.write(`${name} ${rows}x${vectors}: ${speeds.map((s, i) => `${s} (unroll ${unrolls[i]})`).join("  ")} GFLOP/s\n`);
  }
  engine.dispose();
}
