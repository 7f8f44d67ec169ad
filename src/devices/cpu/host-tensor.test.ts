import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Tensor } from "../../tensor/tensor.ts";
import { readView, viewArray, writeView } from "./host-tensor.ts";
import { viewElementOf } from "../../lowering/view-element.ts";
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
        const read = readView(view, viewArray(view, new Uint8Array(block.buffer), 0));
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
          expect(readView(view, viewArray(view, new Uint8Array(block.buffer), 0)).data).toEqual(tensor.data);
        },
      ),
    );
  });
});

const wide = [
  new Tensor("i64", [2, 3], BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), -1n, 2n ** 32n, 7n, -(2n ** 31n) - 1n)),
  new Tensor("u64", [2, 3], BigUint64Array.of(2n ** 64n - 1n, 0n, 1n, 2n ** 32n, 2n ** 63n, 7n)),
  new Tensor("u32", [2, 3], Uint32Array.of(2 ** 32 - 1, 0, 1, 2 ** 31, 7, 8)),
  new Tensor("f64", [2, 3], Float64Array.of(1e300, -1e-300, 0.1, 3, Infinity, 2 ** 53 + 2)),
  new Tensor("u16", [2, 3], Uint16Array.of(65535, 0, 1, 2, 3, 4)),
  new Tensor("f16", [2, 3], Uint16Array.of(0x7c01, 0xffff, 1, 2, 3, 0x3c00)),
  new Tensor("boolean", [2, 3], Uint8Array.of(1, 0, 1, 1, 0, 0)),
] as const;

test.each(wide)("$elementType keeps its bits, row-major and transposed", (tensor) => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const view = { ...denseView([2, 3], order), element: viewElementOf(tensor.elementType) };
    const target = viewArray(view, new Uint8Array(48), 0);
    writeView(view, target, tensor);
    expect(readView(view, target)).toEqual(tensor);
  }
});
