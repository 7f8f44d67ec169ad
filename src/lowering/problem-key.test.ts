import fc from "fast-check";
import { expect, it } from "vitest";
import { problemKey } from "./problem-key.ts";

const key = (problem: unknown): string => problemKey("k", problem);

it("tells all data apart", () => {
  const problems = [
    undefined,
    null,
    0,
    -0,
    1,
    "1",
    1n,
    NaN,
    "NaN",
    true,
    "t",
    [],
    {},
    [[]],
    [1, 2],
    [[1], 2],
    ["1,2"],
    [12],
    Float32Array.of(1, 2),
    Int32Array.of(1, 2),
    { a: 1 },
    { a: [1] },
    { a: 1, b: undefined, c: 2 },
    { a: 1, b: 2 },
    { "a:1;b": 2 },
    { a: { b: 1 }, c: 2 },
    { a: { b: 1, c: 2 } },
  ];
  expect(new Set(problems.map(key)).size).toBe(problems.length);
});

it("is equal for equal data, in whatever order of fields", () => {
  expect(key({ a: 1, b: [2, { c: 3 }] })).toBe(key({ b: [2, { c: 3 }], a: 1, d: undefined }));
});

it("agrees with equality, for drawn data", () => {
  const data = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(data, data, (a, b) => {
      expect(key(a) === key(b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)) && !differsInZero(a, b));
      expect(key(structuredClone(a))).toBe(key(a));
    }),
    { numRuns: 500, seed: 7 },
  );
});

/** JSON writes -0 as 0, a key does not. */
const differsInZero = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, 0) || Object.is(b, 0)) return !Object.is(a, b);
  if (typeof a !== "object" || a === null) return false;
  return Object.keys(a).some((name) => differsInZero((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]));
};

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, v]) => [name, sorted(v)]),
  );
}

it("leaves out where views lie", () => {
  const view = { shape: [2, 3], strides: [3, 1], element: "f32" };
  const at = (name: string, offset: number) => ({ ...view, offset, block: { id: 1, name } });
  expect(key({ input: at("a", 0) })).toBe(key({ input: at("b", 7) }));
  expect(key({ input: { ...at("a", 0), strides: [1, 2] } })).not.toBe(key({ input: at("a", 0) }));
});

it("grows with shared data, not with its paths", () => {
  let shared: unknown = { x: 1 };
  for (let i = 0; i < 60; i++) shared = { a: shared, b: shared };
  expect(key(shared).length).toBeLessThan(2000);
});
