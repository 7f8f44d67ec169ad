import { describe, expect, it } from "vitest";
import type { View } from "../../../lowering/view.ts";
import { integerProductKernels, isNarrow, packedIntegerLength, packIntegerWeights } from "./integer-product.ts";
import { kernelRunners } from "./kernel-runners.fixture.ts";
import { blockChannels } from "./tile.ts";
import { add, input as scalarInput, mul } from "../../../model/scalar-expression.ts";

interface Case {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** Elements from row to row of input and output. */
  readonly pitch?: readonly [number, number];
  readonly signed?: boolean;
  /** The largest weight: up to 64 every sum of two products fits 16 bits. */
  readonly most: number;
}

const cases: readonly Case[] = [
  { rows: 1, depth: 1, columns: 1, most: 127 },
  { rows: 5, depth: 7, columns: 3, most: 127 },
  { rows: 13, depth: 64, columns: 48, most: 64 },
  { rows: 50, depth: 130, columns: 100, most: 127 },
  { rows: 29, depth: 33, columns: 192, pitch: [40, 200], most: 64 },
  { rows: 21, depth: 70, columns: 36, signed: true, most: 127 },
  { rows: 40, depth: 2, columns: 17, pitch: [2, 20], most: 127 },
];

const view = (element: "u8" | "i8" | "f32", shape: readonly number[], pitch: number): View => ({
  block: { id: 0, byteLength: 0, kind: "arena", name: "" },
  offset: 0,
  shape,
  strides: [pitch, 1],
  element,
});

describe.each(kernelRunners)("integer products for $name", ({ target, run }) => {
  it.each(cases)(
    "$rows x $depth x $columns, weights up to $most, signed: $signed",
    ({ rows, depth, columns, pitch = [depth, columns], signed, most }) => {
      const input = new (signed ? Int8Array : Uint8Array)(rows * pitch[0]).map((_, i) => (i * 89 + 255) % 256);
      const weights = new Int8Array(depth * columns).map((_, i) =>
        i % 3 === 0 ? most : i % 3 === 1 ? -most : ((i * 37) % (2 * most)) - most,
      );
      const strides = [columns, 1] as const;
      const narrow = isNarrow(weights, depth, columns, strides);
      expect(narrow).toBe(most <= 64 || depth === 1);
      const offset = (c: number): number => {
        let sum = 0;
        for (let d = 0; d < depth; d++) sum += weights[d * columns + c] ?? 0;
        return -128 * sum;
      };
      const scale = (c: number): number => Math.fround(0.001 * (c + 1));
      const output = new Float32Array(rows * pitch[1]).fill(-1);
      const problem = {
        input: view(signed ? "i8" : "u8", [rows, depth], pitch[0]),
        output: view("f32", [rows, columns], pitch[1]),
        narrow,
        // Half of the sum, and one.
        epilogue: { expression: add(mul(scalarInput(0), 0.5), 1), inputs: [] },
        threads: 2,
      };
      for (const { kernel, segment } of integerProductKernels(problem, target)) {
        const padded = segment.blocks * blockChannels(segment.tile);
        const packed = new Int8Array(packedIntegerLength(depth, segment));
        packIntegerWeights(packed, segment, weights, depth, strides);
        const of = (f: (c: number) => number): number[] => Array.from({ length: padded }, (_, c) => f(segment.firstChannel + c));
        const offsets = signed ? [Int32Array.from(of(offset))] : [];
        run(kernel, [input, packed, ...offsets, Float32Array.from(of(scale)), output.subarray(segment.firstChannel)]);
      }
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < pitch[1]; c++) {
          let sum = 0;
          for (let d = 0; d < depth; d++) sum += input[r * pitch[0] + d] * weights[d * columns + c];
          expect(output[r * pitch[1] + c], `row ${r}, column ${c}`).toBeCloseTo(
            c < columns ? Math.fround(Math.fround(sum) * scale(c)) * 0.5 + 1 : -1,
            3,
          );
        }
    },
  );
});
