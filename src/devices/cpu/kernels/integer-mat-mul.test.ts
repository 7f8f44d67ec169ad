import { describe, expect, it } from "vitest";
import { memoryArray } from "../../../kernel/memory-array.ts";
import { integerMatMulKernel, integerTile, packIntegerMatrix } from "./integer-mat-mul.ts";
import { kernelRunners } from "./kernel-runners.fixture.ts";

describe.each(kernelRunners)("integer matrix products for $name", ({ target, run }) => {
  it.each([
    { rows: 1, depth: 4, columns: 3, largest: 127 },
    { rows: 13, depth: 64, columns: 70, largest: 127 },
    { rows: 7, depth: 20, columns: 130, largest: 64 },
  ])("$rows x $depth x $columns, weights up to $largest", ({ rows, depth, columns, largest }) => {
    const problem = { rows, depth, columns, narrow: largest <= 64 };
    // The extremes of both bytes are among them.
    const a = Uint8Array.from({ length: rows * depth }, (_, i) => (i % 5 < 2 ? 255 : i * 37));
    const b = Int8Array.from(
      { length: depth * columns },
      (_, i) => [-largest - (largest === 127 ? 1 : 0), largest, (i * 29) % largest][i % 7 < 2 ? 0 : i % 7 < 4 ? 1 : 2],
    );
    const kernel = integerMatMulKernel(problem, target);
    const { block } = integerTile(problem, target);
    const width = Math.ceil(columns / block) * block;
    const packed = packIntegerMatrix(problem, target, b);
    const c = new Int32Array(rows * width);
    run(kernel, [a, memoryArray("u8", new Uint8Array(packed.buffer), 0, packed.length) as Uint8Array, c]);
    for (let m = 0; m < rows; m++)
      for (let n = 0; n < columns; n++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += a[m * depth + k] * b[k * columns + n];
        expect([m, n, c[m * width + n]]).toEqual([m, n, sum]);
      }
  });
});
