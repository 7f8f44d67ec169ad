import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Tensor } from "../../tensor/tensor.ts";
import { memoryElementOf, readView, tensorToMemory, viewArray, writeView } from "./host-tensor.ts";
import { viewSize } from "../../lowering/view.ts";
import { arbitraryView, denseView, elementsOf } from "../../lowering/view.fixture.ts";

/** The elements of a view's block, and where the view's array starts in them. */
function blockOf(view: Parameters<typeof elementsOf>[0]): { block: Float32Array; places: number[] } {
  const places = elementsOf(view);
  return { block: Float32Array.from({ length: Math.max(0, ...places) + 3 }, (_, i) => -1 - i), places };
}

describe("tensors and views", () => {
  it("reads the elements of a view in their logical order, whatever its strides", () => {
    fc.assert(
      fc.property(arbitraryView, (view) => {
        const { block, places } = blockOf(view);
        const read = readView(view, viewArray(view, new Uint8Array(block.buffer), 0), "f32");
        expect(read.shape).toEqual(view.shape);
        expect([...read.data]).toEqual(places.map((p) => block[p]));
      }),
    );
  });

  it("writes a view's elements and no others", () => {
    fc.assert(
      fc.property(
        arbitraryView.filter((v) => new Set(elementsOf(v)).size === viewSize(v)),
        (view) => {
          const { block, places } = blockOf(view);
          const tensor = new Tensor(
            "f32",
            view.shape,
            Float32Array.from({ length: viewSize(view) }, (_, i) => i + 1),
          );
          const expected = block.slice();
          for (const [i, p] of places.entries()) expected[p] = i + 1;
          writeView(view, viewArray(view, new Uint8Array(block.buffer), 0), tensor);
          expect(block).toEqual(expected);
          expect(readView(view, viewArray(view, new Uint8Array(block.buffer), 0), "f32").data).toEqual(tensor.data);
        },
      ),
    );
  });
});

test.each([
  ["f16", "f32"],
  ["f64", "f32"],
  ["boolean", "u8"],
  ["i16", "i32"],
  ["i64", "i32"],
  ["u64", "i32"],
] as const)("%s is held as %s", (type, element) => expect(memoryElementOf(type)).toBe(element));

it("clamps integers beyond 32 bits, as OpenVINO's CPU plugin does", () => {
  const most = 2n ** 63n - 1n;
  const i64 = new Tensor("i64", [5], BigInt64Array.of(-most, -(2n ** 31n) - 1n, -5n, 2n ** 31n, most));
  expect([...tensorToMemory(i64, "i32")]).toEqual([-(2 ** 31), -(2 ** 31), -5, 2 ** 31 - 1, 2 ** 31 - 1]);
  const u64 = new Tensor("u64", [2], BigUint64Array.of(7n, 2n ** 64n - 1n));
  expect([...tensorToMemory(u64, "i32")]).toEqual([7, 2 ** 31 - 1]);
});

it("passes unsigned integers of 32 bits on as they are", () => {
  const u32 = new Tensor("u32", [2], Uint32Array.of(7, 2 ** 32 - 1));
  const view = { ...denseView([2]), element: memoryElementOf("u32") };
  const target = viewArray(view, new Uint8Array(8), 0);
  writeView(view, target, u32);
  expect(readView(view, target, "u32").data).toEqual(u32.data);
});
