import { describe, expect, test } from "vitest";
import type { ElementType } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { transposeTensor } from "./transpose.ts";

const bytes = [0x12, 0x34, 0x56];
/** What OpenVINO 2026.4 converts these bytes to. */
const unpacked: readonly (readonly [ElementType, readonly number[]])[] = [
  ["u1", [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0]],
  ["u2", [2, 0, 1, 0, 0, 1, 3, 0, 2, 1, 1, 1]],
  ["u4", [2, 1, 4, 3, 6, 5]],
  ["i4", [2, 1, 4, 3, 6, 5]],
];

describe("packed elements", () => {
  test.each(unpacked)("%s", (type, expected) => {
    const tensor = new Tensor(type, [expected.length], Uint8Array.from(bytes));
    expect([...rawElements(tensor)]).toEqual(expected);
    expect([...tensorOfRaw(type, tensor.shape, rawElements(tensor)).data]).toEqual(bytes);
  });

  test("are moved one by one", () => {
    const moved = transposeTensor(new Tensor("u4", [2, 3], Uint8Array.from(bytes)), [1, 0]);
    expect([...rawElements(moved)]).toEqual([2, 3, 1, 6, 4, 5]);
  });

  test("of types without places of their own are refused", () => {
    expect(() => rawElements(new Tensor("u3", [8], Uint8Array.from(bytes)))).toThrow(/cannot be moved one by one; got u3/);
  });
});

test("sizes without room give a typed error", () => {
  expect(() => allocateRaw("f32", 2 ** 40)).toThrow(/cannot be allocated/);
});
