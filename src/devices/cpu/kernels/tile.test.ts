import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { targets } from "../../../kernel/targets.fixture.ts";
import { blockChannels, chooseSegments, type TileProblem } from "./tile.ts";

const arbitraryProblem: fc.Arbitrary<TileProblem> = fc.record({
  channels: fc.integer({ min: 1, max: 2100 }),
  height: fc.integer({ min: 1, max: 300 }),
  width: fc.integer({ min: 1, max: 1000 }),
  depth: fc.integer({ min: 1, max: 5000 }),
});

describe.each(Object.values(targets))("chooseSegments for $name", (target) => {
  test("covers each channel once, in blocks of which only the last is cut", () => {
    fc.assert(
      fc.property(arbitraryProblem, (problem) => {
        let next = 0;
        for (const { tile, firstChannel, channels, blocks } of chooseSegments(problem, target)) {
          expect(firstChannel).toBe(next);
          expect(Math.ceil(channels / blockChannels(tile))).toBe(blocks);
          // The last vector has channels: none is computed for nothing.
          expect(blocks * blockChannels(tile) - channels).toBeLessThan(tile.lanes);
          next += channels;
        }
        expect(next).toBe(problem.channels);
      }),
      { numRuns: 300 },
    );
  });

  test("needs no more registers, lanes and pixels than there are", () => {
    fc.assert(
      fc.property(arbitraryProblem, (problem) => {
        for (const { tile } of chooseSegments(problem, target)) {
          const { lanes, rows, vectors } = tile;
          expect([4, 8, 16]).toContain(lanes);
          expect(lanes).toBeLessThanOrEqual(target.lanes);
          expect(rows >= 1 && rows <= problem.width).toBe(true);
          // Sums and weights, and a broadcast where an instruction cannot read it from memory.
          const broadcast = target.embeddedBroadcast && vectors === 1 ? 0 : 1;
          expect(rows * vectors + vectors + broadcast).toBeLessThanOrEqual(target.vectorRegisters);
        }
      }),
      { numRuns: 300 },
    );
  });
});
