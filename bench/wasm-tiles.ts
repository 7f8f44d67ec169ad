import { availableWasmTargets, createWasmEngine } from "../src/codegen/wasm/wasm-engine.ts";
import { KernelBuilder } from "../src/kernel/builder.ts";
import type { ComputeOp, Kernel, MemoryElement } from "../src/kernel/kernel.ts";
import type { KernelTarget } from "../src/kernel/target.ts";
import { operandIn } from "../src/kernel/engine.ts";

/**
 * G(FL)OP/s of register tiles (rows x vectors, by unrolling) of a matrix product on the WebAssembly targets, one thread: what the
 * engine makes of the code, and so which tiles the kernels should choose, by f32 or by dot products of bytes and bf16.
 * `tsx --conditions=source bench/wasm-tiles.ts [4x2,...] [fma,dotU8I8,dotU8I8Narrow,dotBf16]`
 */
const [m, n, depth] = [240, 192, 256];
const tiles = (process.argv[2] ?? "4x2,3x3,2x4,2x3,1x6,5x2,6x2,4x3").split(",").map((text) => text.split("x").map(Number));
const unrolls = [1, 2, 4, 8];

/** What each product multiplies, and how many numbers lie in 32 bits. */
const products: Readonly<
  Partial<Record<ComputeOp, { readonly operand: MemoryElement; readonly sum: "f32" | "i32"; readonly numbers: number }>>
> = {
  fma: { operand: "f32", sum: "f32", numbers: 1 },
  dotU8I8: { operand: "i32", sum: "i32", numbers: 4 },
  dotU8I8Narrow: { operand: "i32", sum: "i32", numbers: 4 },
  dotBf16: { operand: "i32", sum: "f32", numbers: 2 },
};
const ops = (process.argv[3] ?? "fma").split(",") as (keyof typeof products)[];

function product(target: KernelTarget, op: ComputeOp, rows: number, vectors: number, unroll: number): Kernel {
  const k = new KernelBuilder(`product ${rows}x${vectors}`, target);
  const { operand, sum: element, numbers } = products[op] as NonNullable<(typeof products)[ComputeOp]>;
  const a = k.buffer("a", operand, m * depth, "read");
  const b = k.buffer("b", operand, n * depth, "read");
  const c = k.buffer("c", element, m * n, "write");
  const block = vectors * target.lanes;
  const [column, row] = k.splitTask(n / block, Math.floor(m / rows));
  const sums = k.each(rows, () => k.each(vectors, () => k.variable(k.constant(0, { element }))));
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
      for (const [v, sum] of ofRow.entries()) k.update(sum, op, value, weights[v], sum);
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
  return k.build({ key: `${op} ${rows}x${vectors} ${unroll}`, tasks, flops: 2 * numbers * tasks * rows * block * depth });
}

for (const name of availableWasmTargets()) {
  const engine = createWasmEngine(name, { threads: 1 });
  for (const op of ops)
    for (const [rows, vectors] of tiles) {
      const speeds = unrolls.map((unroll) => {
        const kernel = product(engine.target, op, rows, vectors, unroll);
        const memories = kernel.buffers.map((b) => engine.allocate(b.length * 4));
        const program = engine.program([{ kernel, operands: memories.map((memory) => operandIn(memory)), barrier: true }]);
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
      process.stdout.write(`${name} ${op} ${rows}x${vectors}: ${speeds.map((s, i) => `${s} (unroll ${unrolls[i]})`).join("  ")} GFLOP/s\n`);
    }
  engine.dispose();
}
