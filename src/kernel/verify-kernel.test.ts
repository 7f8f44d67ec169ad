import { describe, expect, it } from "vitest";
import { Index, KernelBuilder } from "./builder.ts";
import type { Kernel, Statement } from "./kernel.ts";
import { targets } from "./targets.fixture.ts";
import { verifyKernel } from "./verify-kernel.ts";

const target = targets["wasm-simd"];

/** A kernel over x (read, f32[64]), y (write, f32[64]) and at (read, i32[8]). */
function kernelOf(
  write: (k: KernelBuilder, x: ReturnType<KernelBuilder["buffer"]>, y: ReturnType<KernelBuilder["buffer"]>) => void,
  tasks = 1,
): Kernel {
  const k = new KernelBuilder("sample", target);
  const x = k.buffer("x", "f32", 64, "read");
  const y = k.buffer("y", "f32", 64, "write");
  k.buffer("at", "i32", 8, "read");
  write(k, x, y);
  return k.build({ key: "sample", tasks });
}

describe("verifyKernel", () => {
  it("accepts loops, tails and nested bounds", () => {
    verifyKernel(
      kernelOf(
        (k, x, y) =>
          k.range(0, k.task.add(1), {}, (i) =>
            k.range(i, 8, { step: 3 }, (j) => k.store(y, i.mul(8).add(j), k.load(x, j.mul(9), { lanes: 1 }))),
          ),
        8,
      ),
      target,
    );
  });

  it("follows divisions of the task and clamped taps", () => {
    // Rows in chunks of 3 that do not divide 7: the last chunk is shorter.
    verifyKernel(
      kernelOf((k, x, y) => {
        const [column, chunk] = k.splitTask(2, 3);
        const end = k.minIndex(chunk.mul(-3).add(7), 3);
        k.range(0, end, {}, (r) => {
          const row = chunk.mul(3).add(r);
          const begin = k.maxIndex(row.mul(-1).add(1), 0);
          const stop = k.minIndex(row.mul(-1).add(8), 3);
          k.range(begin, stop, {}, (tap) =>
            k.store(y, row.add(column.mul(7)).mul(4), k.load(x, row.add(tap).add(-1).mul(4).add(column.mul(28)))),
          );
        });
      }, 6),
      target,
    );
  });

  it("takes branches into account", () => {
    const guarded = (least: number): Kernel =>
      kernelOf((k, x, y) => k.ifNonNegative(new Index(least).sub(k.task), () => k.store(y, k.task.mul(4), k.load(x, k.task.mul(4)))), 20);
    verifyKernel(guarded(15));
    expect(() => verifyKernel(guarded(16))).toThrow('with task0 = 16: access to buffer "x" at 4*task0 + 3 may lie outside');
  });

  it("bounds data-dependent indices by their clamps", () => {
    const gather = (most: number): Kernel => {
      const k = new KernelBuilder("gather", target);
      const at = k.buffer("at", "i32", 8, "read");
      const x = k.buffer("x", "f32", 64, "read");
      const y = k.buffer("y", "f32", 32, "write");
      k.for(8, (i) => k.store(y, i.mul(4), k.load(x, k.loadIndex(at, i, 0, most).mul(4))));
      return k.build({ key: "gather" });
    };
    verifyKernel(gather(15));
    expect(() => verifyKernel(gather(16))).toThrow('kernel "gather" with task0 = 0, i1 = 0, at2 in [0, 16]: access to buffer "x"');
  });

  it("rejects an access that may lie outside", () => {
    expect(() => verifyKernel(kernelOf((k, x, y) => k.store(y, 0, k.load(x, 61))))).toThrow("expected elements in [0, 64), got [61, 65)");
    expect(() => verifyKernel(kernelOf((k, x, y) => k.store(y, k.task.mul(4), k.load(x, 0)), 17))).toThrow(
      /"y" at 4\*task0 \+ 3.*got \[0, 68\)/,
    );
    expect(() => verifyKernel(kernelOf((k, x, y) => k.range(-1, 4, {}, (i) => k.store(y, i.mul(4), k.load(x, 0)))))).toThrow("outside");
  });

  it("gives up where the proof takes too long", () => {
    // In truth the index is always 0, but only all pairs of values would show it.
    const correlated = kernelOf((k, x, y) =>
      k.range(0, 4000, {}, (i) =>
        k.range(0, 4000, {}, (j) => {
          const [a, b] = [k.modulo(i.add(j), 7), k.modulo(i.add(j), 7)];
          k.store(y, a.sub(b), k.load(x, 0));
        }),
      ),
    );
    expect(() => verifyKernel(correlated)).toThrow("take too long to prove");
  });

  it("rejects a division of what may be negative", () => {
    expect(() => verifyKernel(kernelOf((k) => void k.divide(k.task.add(-1), 2)))).toThrow("the dividend task0 - 1 may be negative");
  });

  it("rejects misuse of buffers", () => {
    expect(() => verifyKernel(kernelOf((k, x) => k.store(x, 0, k.constant(1))))).toThrow("stores to read-only buffer x");
    expect(() => verifyKernel(kernelOf((k, _, y) => void k.load(y, 0)))).toThrow("reads write-only buffer y");
    expect(() => verifyKernel(kernelOf((k, x) => void k.load(x, 0, { count: 5 })))).toThrow("moves 5 of 4 lanes");
    expect(() =>
      verifyKernel(
        kernelOf((k, x) => void k.load(x, 0, { lanes: 8 })),
        target,
      ),
    ).toThrow("register of 8 lanes");
    expect(() => verifyKernel(kernelOf((k, x) => void k.load(x, 0, { lanes: 3 })))).toThrow("register of 3 lanes");
  });

  it("rejects registers and variables outside their scope", () => {
    let inner = new Index(0);
    expect(() =>
      verifyKernel(
        kernelOf((k, x) => {
          k.range(0, 4, {}, (i) => {
            inner = i;
          });
          k.load(x, inner);
        }),
      ),
    ).toThrow("uses index variable i1 before its definition");
    expect(() =>
      verifyKernel(
        kernelOf((k, x, y) => {
          let value = k.constant(0);
          k.ifNonNegative(k.task, () => {
            value = k.load(x, 0);
          });
          k.store(y, 0, value);
        }),
      ),
    ).toThrow("before it is set");
    expect(() => verifyKernel(kernelOf((k, x) => k.assign(k.load(x, 0), k.constant(1))))).toThrow("not mutable");
  });

  it("rejects operations on the wrong registers", () => {
    const compute = (write: (k: KernelBuilder) => void) => () => verifyKernel(kernelOf((k) => write(k)));
    const one = (k: KernelBuilder, lanes = 4) => k.constant(1, { lanes });
    const whole = (k: KernelBuilder) => k.constant(1, { element: "i32" });
    expect(compute((k) => k.add(one(k), whole(k)))).toThrow("takes f32 or i32, not f32, i32");
    expect(compute((k) => k.add(one(k), one(k, 2)))).toThrow("mixes 2 and 4 lanes");
    expect(compute((k) => k.div(whole(k), whole(k)))).toThrow("takes f32, not i32, i32");
    expect(compute((k) => k.select(one(k), one(k), one(k)))).toThrow("no mask");
    expect(compute((k) => k.compute("shiftLeft", [whole(k)], 32))).toThrow("has immediate 32");
    expect(compute((k) => k.compute("broadcastLane", [one(k)]))).toThrow("has immediate undefined");
    expect(compute((k) => k.compute("unpackLow32", [one(k, 2), one(k, 2)]))).toThrow("needs 4 lanes");
  });

  it("rejects statements that were not built by the builder's rules", () => {
    const kernel = kernelOf((k, x, y) => k.store(y, 0, k.load(x, 0)));
    const twice: Statement[] = [kernel.body[0], kernel.body[0]];
    expect(() => verifyKernel({ ...kernel, body: twice })).toThrow("twice");
    expect(() => verifyKernel({ ...kernel, tasks: -1 })).toThrow("has -1 tasks");
  });
});
