import { expect, it } from "vitest";
import { KernelBuilder } from "./builder.ts";
import { printKernel } from "./print-kernel.ts";
import { targets } from "./targets.fixture.ts";

it("prints every kind of statement", () => {
  const k = new KernelBuilder("everything", targets["wasm-simd"]);
  const x = k.buffer("x", "f32", 64, "read");
  const at = k.buffer("at", "i32", 4, "read");
  const y = k.buffer("y", "f16", 64, "readWrite");
  const [row, column] = k.splitTask(2, 3);
  const sum = k.variable(k.constant(-0));
  k.range(row, k.minIndex(row.add(5), 7), { step: 2, name: "r" }, (r) => {
    const value = k.load(x, r.mul(4).sub(column).add(2), { count: 3 });
    k.accumulate(sum, value, k.broadcast(x, k.loadIndex(at, row, 0, 63)));
  });
  k.ifNonNegative(
    column.mul(-1).add(1),
    () => k.store(y, column, k.compute("broadcastLane", [sum], 2), { count: 2 }),
    () => k.assign(sum, k.load(y, 0)),
  );
  expect(printKernel(k.build({ key: "everything", tasks: 6, flops: 100 }))).toMatchInlineSnapshot(`
    "kernel "everything" tasks 6 flops 100
      read x: f32[64]
      read at: i32[4]
      readWrite y: f16[64]
      task task0
      v0:f32x4 = -0
      r1 = task0 % 3
      q2 = task0 / 3
      m1:f32x4 = v0
      min3 = min(q2 + 5, 7)
      for r4 = q2 to min3 by 2
        v2:f32x4 = load:3 x[-r1 + 4*r4 + 2]
        at5 = clamp(at[q2], 0, 63)
        v3:f32x4 = broadcast x[at5]
        m1:f32x4 = fma v2, v3, m1
      if -r1 + 1 >= 0
        v4:f32x4 = broadcastLane m1, 2
        store:2 y[r1] = v4
      else
        v5:f32x4 = load y[0]
        m1:f32x4 = v5
    "
  `);
});
