import { expect, test, vi } from "vitest";
import { LruMap } from "./lru-map.ts";

test("keeps what was used last and hands out what it gives up", () => {
  const evicted = vi.fn<(value: string) => void>();
  const map = new LruMap<string, string>(2, evicted);
  const make = vi.fn<(key: string) => string>((key) => key.toUpperCase());
  for (const key of ["a", "b", "a", "c", "a"]) expect(map.get(key, () => make(key))).toBe(key.toUpperCase());
  expect(make.mock.calls).toEqual([["a"], ["b"], ["c"]]);
  expect(evicted.mock.calls).toEqual([["B"]]);
  expect([...map.values()]).toEqual(["C", "A"]);
  expect(map.get("b", () => "again")).toBe("again");
  expect(evicted).toHaveBeenLastCalledWith("C");
});

test("gives everything up when it is cleared", () => {
  const evicted = vi.fn<(value: number) => void>();
  const map = new LruMap<number, number>(3, evicted);
  for (const key of [1, 2]) map.get(key, () => key * 10);
  map.clear();
  expect(evicted.mock.calls).toEqual([[10], [20]]);
  expect([...map.values()]).toEqual([]);
});

test("keeps nothing of an entry that could not be made", () => {
  const map = new LruMap<number, number>(1);
  map.get(1, () => 1);
  const fail = (): number => {
    throw new Error("no memory");
  };
  expect(() => map.get(2, fail)).toThrow("no memory");
  expect([...map.values()]).toEqual([1]);
});
