import { afterAll, describe, expect, it } from "vitest";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { KernelBuilder } from "../../kernel/builder.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { disassembleKernel } from "./disassemble-kernel.ts";
import { emitKernel } from "./emit-kernel.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";

const names: readonly X64Target[] = ["x64-avx2", "x64-avx512"];
const engines = availableX64Targets().map((name) => createX64Engine(name, { threads: 1 }));
afterAll(() => engines.forEach((e) => e.dispose()));

/** The instructions of the innermost loop: from the last label that is jumped back to, to the jump. */
function innermostLoop(kernel: Kernel, target: X64Target): string[] {
  const texts = emitKernel(kernel, targets[target], { listing: true }).listing.map((l) => l.text);
  for (const [i, text] of texts.entries()) {
    const label = /^j\w+ (L\d+)$/.exec(text)?.[1];
    const head = label === undefined ? -1 : texts.slice(0, i).lastIndexOf(`${label}:`);
    if (head >= 0) return texts.slice(head + 1, i + 1);
  }
  return [];
}

const countOf = (texts: readonly string[], pattern: RegExp): number => texts.filter((t) => pattern.test(t)).length;

/** A matrix product with a tile of rows x vectors in registers. */
function matmul(target: X64Target, rows: number, vectors: number, depth: number): Kernel {
  const k = new KernelBuilder("matmul", targets[target]);
  const a = k.buffer("a", "f32", rows * depth, "read");
  const b = k.buffer("b", "f32", depth * vectors * k.lanes, "read");
  const c = k.buffer("c", "f32", rows * vectors * k.lanes, "write");
  const acc = k.accumulators(rows, vectors);
  k.for(depth, (i) => {
    const w = k.each(vectors, (v) => k.load(b, i.mul(vectors * k.lanes).add(v * k.lanes)));
    for (let m = 0; m < rows; m++) {
      const shared = vectors > 1 ? k.broadcast(a, i.add(m * depth)) : undefined;
      for (let v = 0; v < vectors; v++) k.accumulate(acc[m][v], shared ?? k.broadcast(a, i.add(m * depth)), w[v]);
    }
  });
  for (let m = 0; m < rows; m++) for (let v = 0; v < vectors; v++) k.store(c, (m * vectors + v) * k.lanes, acc[m][v]);
  return k.build({ key: `${rows}x${vectors}` });
}

describe("emitKernel", () => {
  it.each([
    ["x64-avx2", 6, 2],
    ["x64-avx2", 14, 1],
    ["x64-avx512", 12, 2],
    ["x64-avx512", 14, 2],
    ["x64-avx512", 6, 4],
  ] as const)("%s: a tile of %i x %i is loads, multiply-adds, two additions and a branch", (target, rows, vectors) => {
    const loop = innermostLoop(matmul(target, rows, vectors, 100), target);
    expect(countOf(loop, /^vfmadd231ps/)).toBe(rows * vectors);
    expect(countOf(loop, /^vmovups .mm\d+,\[/)).toBe(vectors);
    expect(countOf(loop, /^vbroadcastss/)).toBe(rows);
    expect(loop).toHaveLength(rows * vectors + vectors + rows + 4);
  });

  it("reads broadcasts in place on AVX-512", () => {
    const loop = innermostLoop(matmul("x64-avx512", 28, 1, 100), "x64-avx512");
    expect(countOf(loop, /^vfmadd231ps zmm\d+,zmm\d+,\[.*\]\{1to16\}/)).toBe(28);
    expect(loop).toHaveLength(28 + 1 + 4);
  });

  it("reads single-use vectors in place", () => {
    for (const target of names) {
      const k = new KernelBuilder("add", targets[target]);
      const [x, y] = [k.buffer("x", "f32", 1024, "read"), k.buffer("y", "f32", 1024, "readWrite")];
      k.for(1024 / k.lanes, (i) => k.store(y, i.mul(k.lanes), k.add(k.load(x, i.mul(k.lanes)), k.load(y, i.mul(k.lanes)))));
      expect(innermostLoop(k.build({ key: "" }), target).map((t) => t.split(" ")[0])).toEqual([
        "vmovups",
        "vaddps",
        "vmovups",
        "add",
        "add",
        "add",
        "jne",
      ]);
    }
  });

  it("does not move a load behind a store", () => {
    for (const engine of engines) {
      const k = new KernelBuilder("swap", engine.target);
      const x = k.buffer("x", "f32", 2 * k.lanes, "readWrite");
      const [a, b] = [k.load(x, 0), k.load(x, k.lanes)];
      k.store(x, 0, b);
      k.store(x, k.lanes, k.add(a, b));
      const kernel = k.build({ key: "" });
      const data = Float32Array.from({ length: 2 * k.lanes }, (_, i) => i);
      expect(runKernel(engine, kernel, [data])).toEqual(runKernel(new InterpreterEngine(engine.target), kernel, [data]));
    }
  });
});

it.each(engines.map((engine) => engine.target.name as X64Target))("disassembles no numbers as code on %s", (target) => {
  const k = new KernelBuilder("fill", targets[target]);
  k.store(k.buffer("y", "f32", k.lanes, "write"), 0, k.constant(7));
  expect(disassembleKernel(k.build({ key: "fill" }), targets[target])).toMatch(/  c3 +ret\nliterals:\n$/);
});

describe.each(engines.map((engine) => ({ target: engine.target.name as X64Target, engine })))(
  "$target under pressure",
  ({ target, engine }) => {
    const reference = new InterpreterEngine(targets[target]);

    it("spills accumulators that find no register, and says so", () => {
      const rows = targets[target].vectorRegisters + 5;
      const kernel = matmul(target, rows, 1, 20);
      const { spills } = emitKernel(kernel, engine.target);
      expect(spills.registers).toBeGreaterThan(0);
      expect(spills.accessesInInnermostLoops).toBeGreaterThan(0);
      expect(engine.disassemble(kernel)).toMatch(/spilled: \d+ registers/);
      const arrays = kernel.buffers.map((b) => Float32Array.from({ length: b.length }, (_, i) => (i % 13) - 6));
      expect(runKernel(engine, kernel, arrays)).toEqual(runKernel(reference, kernel, arrays));
    });

    it("spills masks", () => {
      const k = new KernelBuilder("masks", engine.target);
      const x = k.buffer("x", "f32", 16 * k.lanes, "read");
      const y = k.buffer("y", "f32", 40 * k.lanes, "write");
      const values = k.each(16, (i) => k.load(x, i * k.lanes));
      const masks = k.each(20, (i) => k.compute("lt", [values[i % 16], values[(i * 3 + 1) % 16]]));
      for (const [i, m] of masks.entries()) k.store(y, i * k.lanes, k.select(m, values[i % 16], values[(i + 5) % 16]));
      for (const [i, m] of masks.entries())
        k.store(y, (20 + i) * k.lanes, k.select(k.compute("xor", [m, masks[(i + 1) % 20]]), values[i % 16], k.constant(3)));
      const kernel = k.build({ key: "masks" });
      const arrays = kernel.buffers.map((b) => Float32Array.from({ length: b.length }, (_, i) => ((i * 7) % 23) - 11));
      expect(runKernel(engine, kernel, arrays)).toEqual(runKernel(reference, kernel, arrays));
    });

    it("keeps pointers and counters in memory when there are too many", () => {
      const k = new KernelBuilder("gather many", engine.target);
      const inputs = k.each(20, (i) => k.buffer(`x${i}`, "f32", 3000, "read"));
      const output = k.buffer("y", "f32", 3000, "readWrite");
      const [p, q] = k.splitTask(2, 2);
      k.for(2, (a) => {
        for (const [i, x] of inputs.entries())
          k.store(
            output,
            p.mul(1000).add(a.mul(i)).add(q),
            k.load(
              x,
              a
                .mul(i + 3)
                .add(p.mul(7))
                .add(q),
            ),
            { count: 3 },
          );
        k.for(3, (b) => {
          const sum = k.variable(k.constant(0));
          k.range(0, k.minIndex(b.add(2), 4), {}, (c) => {
            for (const [i, x] of inputs.entries())
              k.for(2, (d) =>
                k.accumulate(
                  sum,
                  k.load(
                    x,
                    a
                      .mul(50)
                      .add(b.mul(i + 1))
                      .add(c.mul(10))
                      .add(d)
                      .add(p),
                  ),
                  k.broadcast(x, c.mul(5).add(q).add(d.mul(i))),
                ),
              );
          });
          k.store(output, p.mul(1500).add(q.mul(500)).add(a.mul(120)).add(b.mul(40)), sum);
        });
      });
      const kernel = k.build({ key: "pointers", tasks: 4 });
      const arrays = kernel.buffers.map((b, j) => Float32Array.from({ length: b.length }, (_, i) => ((i * (j + 3)) % 19) - 9));
      expect(runKernel(engine, kernel, arrays)[20]).toEqual(runKernel(reference, kernel, arrays)[20]);
    });
  },
);
