import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoweredStep } from "./lowered-step.ts";
import { planMemory } from "./memory-plan.ts";
import { planProgram } from "../devices/cpu/program.ts";
import { arbitraryBlocks, arbitrarySteps, stepOf, wholeBlock } from "./steps.fixture.ts";
import type { Block } from "./view.ts";

const kilobyte = (id: number): Block => ({ id, byteLength: 1000, kind: "arena", name: `b${id}` });
const touching = (...ids: readonly number[]): LoweredStep => stepOf(ids.map((id) => ({ view: wholeBlock(blocks[id]), access: "write" })));
const blocks = Array.from({ length: 4 }, (_, i) => kilobyte(i));

describe("planMemory", () => {
  test("never gives two blocks that live at the same time the same bytes", () => {
    fc.assert(
      fc.property(
        arbitraryBlocks.chain((list) => fc.tuple(arbitrarySteps(list), fc.subarray(list))),
        ([steps, pinned]) => {
          const { offsets, lifetimes, byteLength } = planMemory(steps, pinned.map(wholeBlock));
          const placed = [...offsets].map(([block, begin]) => ({ block, begin, end: begin + block.byteLength }));
          for (const [i, a] of placed.entries()) {
            expect(a.begin % 64).toBe(0);
            expect(a.end).toBeLessThanOrEqual(byteLength);
            const life = lifetimes.get(a.block) as { first: number; last: number };
            for (const b of placed.slice(i + 1)) {
              const other = lifetimes.get(b.block) as { first: number; last: number };
              const together = life.first <= other.last && other.first <= life.last;
              expect(together && a.begin < b.end && b.begin < a.end).toBe(false);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("counts a block's life from the first to the last step that touches it, for ever where it is pinned", () => {
    fc.assert(
      fc.property(
        arbitraryBlocks.chain((list) => fc.tuple(arbitrarySteps(list), fc.subarray(list))),
        ([steps, pinned]) => {
          const { lifetimes, offsets } = planMemory(steps, pinned.map(wholeBlock));
          for (const [block, { first, last }] of lifetimes) {
            const at = steps.flatMap((s, i) => (s.kind === "kernel" && s.operands.some((v) => v.block === block) ? [i] : []));
            expect([first, last]).toEqual(pinned.includes(block) ? [-1, Infinity] : [at[0], at.at(-1)]);
          }
          const touched = steps.flatMap((s) => (s.kind === "kernel" ? s.operands.map((v) => v.block) : []));
          expect(new Set(offsets.keys())).toEqual(new Set([...touched, ...pinned]));
        },
      ),
    );
  });

  test("uses the memory of blocks that have ended again", () => {
    const plan = planMemory([touching(0, 1), touching(1, 2), touching(2, 3)], []);
    expect(plan.byteLength).toBe(2 * 1024);
    expect(plan.offsets.get(blocks[0])).toBe(plan.offsets.get(blocks[2]));
    expect(planMemory([touching(0), touching(1), touching(2)], [wholeBlock(blocks[3])]).byteLength).toBe(2 * 1024);
  });

  test("leaves constants to their pool", () => {
    const constant: Block = { ...kilobyte(9), kind: "constant" };
    const plan = planMemory([stepOf([{ view: wholeBlock(constant), access: "read" }])], []);
    expect([plan.byteLength, plan.offsets.size]).toEqual([0, 0]);
  });
});

/** Whether two steps may not run at the same time: one writes bytes that the other touches. */
function conflict(a: LoweredStep, b: LoweredStep, offsets: ReadonlyMap<Block, number>): boolean {
  if (a.kind !== "kernel" || b.kind !== "kernel") return true;
  const ranges = (s: LoweredStep & { readonly kind: "kernel" }): { written: boolean; bytes: Set<number> }[] =>
    s.operands.map((v, i) => {
      const begin = (offsets.get(v.block) as number) + v.offset * 4;
      return {
        written: s.kernel.buffers[i].access !== "read",
        bytes: new Set(Array.from({ length: v.shape[0] }, (_, e) => begin + e * v.strides[0] * 4)),
      };
    });
  return ranges(a).some((x) => ranges(b).some((y) => (x.written || y.written) && [...x.bytes].some((b) => y.bytes.has(b))));
}

describe("planProgram", () => {
  test("puts a barrier between a step and each earlier one that it depends on", () => {
    fc.assert(
      fc.property(arbitraryBlocks.chain(arbitrarySteps), (steps) => {
        const { barriers, plan } = planProgram({ groups: [], steps, inputs: [], outputs: [] });
        for (const [j, step] of steps.entries()) {
          const begin = barriers.lastIndexOf(true, j);
          for (let i = Math.max(0, begin); i < j; i++) expect(conflict(steps[i], step, plan.offsets)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("lets independent steps run at the same time", () => {
    const reads = (from: number, to: number): LoweredStep =>
      stepOf([
        { view: wholeBlock(blocks[from]), access: "read" },
        { view: wholeBlock(blocks[to]), access: "write" },
      ]);
    const program = planProgram({
      groups: [],
      steps: [reads(0, 1), reads(0, 2), reads(1, 3), reads(2, 0)],
      inputs: [],
      outputs: blocks.map(wholeBlock),
    });
    // The third reads what the first wrote; the fourth overwrites what the first two read, but they have ended.
    expect(program.barriers).toEqual([false, false, true, false]);
  });
});
