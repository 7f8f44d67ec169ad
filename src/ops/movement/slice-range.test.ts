import { describe, expect, test } from "vitest";
import { dimension, isKnown, maxOf, minOf, symbolic } from "../../tensor/dimension.ts";
import { sliceLength, sliceRange } from "./slice-range.ts";

/** Python's `range(size)[start:stop:step]`, element by element. */
function sliced(size: number, start: number | undefined, stop: number | undefined, step: number): number[] {
  const picked: number[] = [];
  const resolve = (bound: number): number => (bound < 0 ? bound + size : bound);
  const first = start === undefined ? (step > 0 ? 0 : size - 1) : resolve(start);
  const begin = step > 0 ? Math.max(0, first) : Math.min(size - 1, first);
  const end = stop === undefined ? (step > 0 ? size : -1) : step > 0 ? resolve(stop) : Math.max(-1, resolve(stop));
  for (let i = begin; step > 0 ? i < Math.min(end, size) : i > end && i >= 0; i += step) picked.push(i);
  return picked;
}

const bounds = [undefined, -9, -5, -4, -1, 0, 1, 3, 5, 9];
const steps = [-3, -2, -1, 1, 2, 3];
const all = bounds.flatMap((start) => bounds.flatMap((stop) => steps.map((step) => [start, stop, step] as const)));

describe("slices", () => {
  test("of known sizes pick what Python picks", () => {
    for (const [start, stop, step] of all)
      for (let size = 0; size < 8; size++) {
        const range = sliceRange(size, start, stop, step);
        const picked = Array.from({ length: range.length }, (_, k) => range.start + k * range.step);
        expect(picked, `${size} ${start}:${stop}:${step}`).toEqual(sliced(size, start, stop, step));
      }
  });

  test("of intervals have lengths within the bounds, and bounds that are met where they are finite", () => {
    for (const [start, stop, step] of all)
      for (const [least, most] of [
        [0, 7],
        [2, 5],
        [4, 30],
        [3, Number.POSITIVE_INFINITY],
      ] as const) {
        const length = sliceLength(dimension(least, most), start, stop, step);
        const reached = Array.from({ length: Math.min(most, 60) - least + 1 }, (_, k) => sliceRange(least + k, start, stop, step).length);
        const where = `[${least},${most}] ${start}:${stop}:${step}`;
        expect(minOf(length), where).toBe(Math.min(...reached));
        if (Number.isFinite(maxOf(length))) expect(maxOf(length), where).toBe(Math.max(...reached));
        else expect(most, where).toBe(Number.POSITIVE_INFINITY);
      }
  });

  test("up to a symbol keep it where it is within the size", () => {
    const size = symbolic("s", 1, 100);
    expect(sliceLength(size, 0, size, 1)).toBe(size);
    expect(sliceLength(200, 0, size, 1)).toBe(size);
    const unknown = sliceLength(50, 0, size, 1);
    expect(isKnown(unknown) ? unknown : [unknown.min, unknown.max]).toEqual([0, 50]);
  });
});
