import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reservedBytes } from "./running-pointers.ts";
import { LinearMemory } from "./linear-memory.ts";

describe.each([false, true])("LinearMemory, shared %s", (shared) => {
  it("gives aligned, zero, disjoint blocks and takes them back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ free: fc.boolean(), size: fc.integer({ min: 0, max: 300_000 }), which: fc.nat() }), { maxLength: 60 }),
        (actions) => {
          const memory = new LinearMemory(shared);
          const blocks: ReturnType<LinearMemory["allocate"]>[] = [];
          for (const { free, size, which } of actions)
            if (free && blocks.length > 0) blocks.splice(which % blocks.length, 1)[0].dispose();
            else {
              const block = memory.allocate(size);
              expect(block.offset % 64).toBe(0);
              expect(block.offset).toBeGreaterThanOrEqual(reservedBytes);
              expect(block.bytes().every((b) => b === 0)).toBe(true);
              block.bytes().fill(blocks.length + 1);
              blocks.push(block);
            }
          const sorted = blocks.toSorted((a, b) => a.offset - b.offset);
          for (const [i, block] of sorted.slice(1).entries())
            expect(block.offset).toBeGreaterThanOrEqual(sorted[i].offset + sorted[i].byteLength);
          for (const block of blocks) expect(new Set(block.bytes()).size).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });

  it("uses returned space again", () => {
    const memory = new LinearMemory(shared);
    for (let i = 0; i < 200; i++) {
      const blocks = Array.from({ length: 10 }, () => memory.allocate(1_000_000));
      for (const block of i % 2 === 0 ? blocks : blocks.toReversed()) {
        block.dispose();
        block.dispose();
      }
    }
    expect(memory.memory.buffer.byteLength).toBeLessThan(20_000_000);
  });

  it("says when there is no more", () => {
    const memory = new LinearMemory(shared);
    for (const size of [5e9, -1, 1.5, Number.NaN]) expect(() => memory.allocate(size)).toThrow("cannot be allocated");
    expect(memory.allocate(100).byteLength).toBe(100);
  });
});
