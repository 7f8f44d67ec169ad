import fc from "fast-check";
import { expect, it } from "vitest";
import { Index, KernelBuilder } from "./builder.ts";
import { interpretKernel } from "./interpreter.ts";
import type { Kernel } from "./kernel.ts";
import { proveBounds } from "./prove-bounds.ts";
import { targets } from "./targets.fixture.ts";

const tasks = 3;
const length = 24;

/** Loops, branches, definitions and stores whose indices go where a tape of numbers wants, inside of the buffer or not. */
function kernelOf(tape: readonly number[]): Kernel {
  const k = new KernelBuilder("random", targets.interpreter);
  const at = k.buffer("at", "i32", length, "read");
  const y = k.buffer("y", "f32", length, "write");
  let next = 0;
  const number = (below: number): number => (tape[next++] ?? 0) % below;
  const affine = (indices: readonly Index[]): Index => {
    const index = indices[number(indices.length)].mul(number(5) - 1);
    return (number(3) === 0 ? index.add(indices[number(indices.length)].mul(-1)) : index).add(number(7) - 2);
  };
  const block = (outer: readonly Index[], depth: number): void => {
    const indices = [...outer];
    for (let i = 1 + number(4); i > 0; i--)
      switch (depth > 0 ? number(7) : 6) {
        case 0: {
          const begin = number(2) === 0 ? new Index(number(3)) : affine(indices);
          const end = [begin.add(number(6)), affine(indices), new Index(number(16))][number(3)];
          k.range(begin, end, { step: 1 + number(3) }, (j) => block([...indices, j], depth - 1));
          break;
        }
        case 1:
          k.ifNonNegative(
            affine(indices),
            () => block(indices, depth - 1),
            () => block(indices, depth - 1),
          );
          break;
        case 2:
          indices.push(k.divide(indices[number(indices.length)].add(number(4)), 1 + number(4)));
          break;
        case 3:
          indices.push(k.modulo(indices[number(indices.length)].add(number(4)), 1 + number(6)));
          break;
        case 4:
          indices.push(number(2) === 0 ? k.minIndex(affine(indices), affine(indices)) : k.maxIndex(affine(indices), affine(indices)));
          break;
        case 5:
          indices.push(k.loadIndex(at, affine(indices), -1, 1 + number(6)));
          break;
        default: {
          const count = 1 + number(3);
          const index = affine(indices);
          for (const apart of [0, number(20), -number(20)].slice(number(3)))
            k.store(y, index.add(apart), k.constant(1, { lanes: 4 }), { count });
        }
      }
  };
  block([k.task], 3);
  return k.build({ key: "random", tasks });
}

const isProven = (kernel: Kernel): boolean => {
  try {
    proveBounds(kernel);
    return true;
  } catch {
    return false;
  }
};

/** Runs a kernel where every access is checked, on indices in memory of either end of their ranges. */
function staysInside(kernel: Kernel): boolean {
  const run = interpretKernel(kernel, { fusedMultiplyAdd: true });
  try {
    for (const value of [-1, 0, 100]) run([new Int32Array(length).fill(value), new Float32Array(length)], 0, kernel.tasks);
    run([Int32Array.from({ length }, (_, i) => (i % 8) - 1), new Float32Array(length)], 0, kernel.tasks);
    return true;
  } catch {
    return false;
  }
}

it("proves no kernel that leaves its buffers", () => {
  let [proven, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 20 }), { minLength: 8, maxLength: 60 }), (tape) => {
      const kernel = kernelOf(tape);
      if (!isProven(kernel)) {
        refused++;
        return;
      }
      proven++;
      expect(staysInside(kernel)).toBe(true);
    }),
    { numRuns: 3000, seed: 1 },
  );
  // Both happen often.
  expect(proven).toBeGreaterThan(300);
  expect(refused).toBeGreaterThan(300);
});

it("proves rows that are shared out in chunks of which the last is shorter, and only where the buffer holds them", () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }), chunk: fc.integer({ min: 1, max: 4 }) }),
      fc.integer({ min: -2, max: 0 }),
      ({ rows, columns, chunk }, slack) => {
        const k = new KernelBuilder("rows", targets.interpreter);
        const y = k.buffer("y", "f32", rows * columns + slack, "write");
        const end = k.minIndex(k.task.mul(-chunk).add(rows), chunk);
        k.range(0, end, {}, (r) =>
          k.range(0, columns, {}, (c) => k.store(y, k.task.mul(chunk).add(r).mul(columns).add(c), k.constant(1, { lanes: 1 }))),
        );
        const kernel = k.build({ key: "rows", tasks: Math.ceil(rows / chunk) });
        expect(isProven(kernel)).toBe(slack === 0);
        if (slack < 0) refused++;
      },
    ),
    { numRuns: 200, seed: 1 },
  );
  expect(refused).toBeGreaterThan(50);
});

it.each([
  { length: 12, proven: true },
  { length: 11, proven: false },
])("steps of a loop count from each begin that it may have: $length elements", ({ length: elements, proven }) => {
  // From 0 the last is 9, from 2 it is 11.
  const k = new KernelBuilder("steps", targets.interpreter);
  const y = k.buffer("y", "f32", elements, "write");
  k.range(k.task, 12, { step: 3 }, (i) => k.store(y, i, k.constant(1, { lanes: 1 })));
  expect(isProven(k.build({ key: "steps", tasks: 3 }))).toBe(proven);
});
