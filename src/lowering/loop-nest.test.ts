import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemsPerTask, loopNest } from "./loop-nest.ts";
import { broadcastView, permuteView, sliceView, stridesOfOrder } from "./view.ts";
import { arbitraryOrder, arbitraryShape, denseView } from "./view.fixture.ts";

/** Offsets of all views at each visit of the loops, outermost first. */
function visits(loops: readonly { readonly count: number; readonly strides: readonly number[] }[], views: number): number[][] {
  let all: number[][] = [new Array<number>(views).fill(0)];
  for (const { count, strides } of loops)
    all = all.flatMap((at) => Array.from({ length: count }, (_, i) => at.map((a, v) => a + i * strides[v])));
  return all;
}

/** Views of one shape in orders of their own; the second may be constant along some dimensions. */
const arbitraryViews = arbitraryShape().chain((shape) =>
  fc
    .tuple(arbitraryOrder(shape.length), arbitraryOrder(shape.length), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
    .map(([first, second, ones]) => {
      const narrow = shape.map((d, i) => (ones[i] ? 1 : d));
      return [denseView(shape, first), broadcastView({ ...denseView(narrow), strides: stridesOfOrder(narrow, second) }, shape)];
    }),
);

describe("loopNest", () => {
  test("visits every element of all views together, once, in the first view's order", () => {
    fc.assert(
      fc.property(arbitraryViews, (views) => {
        const [first] = views;
        const loops = loopNest(views);
        const wanted = visits(
          first.shape.map((count, d) => ({ count, strides: views.map((v) => v.strides[d]) })),
          views.length,
        );
        expect(visits(loops, views.length)).toEqual(wanted.toSorted((a, b) => a[0] - b[0]));
      }),
    );
  });

  test("has as few loops as the strides allow", () => {
    fc.assert(
      fc.property(arbitraryViews, (views) => {
        const loops = loopNest(views);
        for (const [i, outer] of loops.slice(0, -1).entries()) {
          const inner = loops[i + 1];
          expect(outer.strides.every((s, v) => s === inner.strides[v] * inner.count)).toBe(false);
        }
      }),
    );
    const nchw = denseView([2, 3, 4, 5]);
    expect(loopNest([nchw, nchw])).toEqual([{ count: 120, strides: [1, 1] }]);
    expect(loopNest([nchw, permuteView(denseView([2, 4, 5, 3]), [0, 3, 1, 2])]).map((l) => l.count)).toEqual([2, 3, 20]);
    expect(loopNest([nchw, sliceView(denseView([2, 6, 4, 5]), 1, 0, 3)])).toEqual([
      { count: 2, strides: [60, 120] },
      { count: 60, strides: [1, 1] },
    ]);
  });

  test("of one element is one loop", () => {
    expect(loopNest([denseView([1, 1]), denseView([1, 1])])).toEqual([{ count: 1, strides: [0, 0] }]);
    expect(loopNest([denseView([])])).toEqual([{ count: 1, strides: [0] }]);
  });
});

test("itemsPerTask gives tasks enough work, and not more of them than wanted", () => {
  const positive = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(positive, positive, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 64 }), (items, work, least, most) => {
      const each = itemsPerTask(items, work, least, most);
      expect(Number.isInteger(each)).toBe(true);
      expect(each >= 1 && each <= items).toBe(true);
      expect(Math.ceil(items / each)).toBeLessThanOrEqual(most);
      expect(each === items || each * work >= least).toBe(true);
    }),
  );
});
