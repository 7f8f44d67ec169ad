import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shapeSize } from "../common/shape.ts";
import {
  broadcastView,
  channelsLastOrder,
  isRowMajor,
  orderOf,
  permuteView,
  reshapeView,
  sliceView,
  stridesOfOrder,
  type View,
  viewByteOffset,
  viewSize,
  viewSpan,
} from "./view.ts";
import { arbitraryDenseView, arbitraryOrder, arbitraryShape, arbitraryView, denseView, elementsOf } from "./view.fixture.ts";

/** All indices of a shape, row-major. */
const indicesOf = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>((list, length) => list.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])), [[]]);
const elementAt = (view: View, index: readonly number[]): number => index.reduce((sum, i, d) => sum + i * view.strides[d], view.offset);

/** Shapes with as many elements as another: its prime factors, joined at random, with ones in between. */
const arbitraryReshape = (shape: readonly number[]): fc.Arbitrary<number[]> => {
  const factors = shape.flatMap((d) => (d === 4 ? [2, 2] : d === 1 ? [] : [d]));
  return fc
    .tuple(fc.shuffledSubarray(factors, { minLength: factors.length }), fc.infiniteStream(fc.integer({ min: 0, max: 2 })))
    .map(([list, choices]) => {
      const result: number[] = [];
      for (const factor of list) {
        const choice = choices.next().value as number;
        if (choice === 0 && result.length > 0) result[result.length - 1] *= factor;
        else result.push(...(choice === 2 ? [1] : []), factor);
      }
      return result;
    });
};

describe("views", () => {
  test("lie in memory in the order asked for", () => {
    expect(stridesOfOrder([2, 3, 4, 5], channelsLastOrder(4))).toEqual([60, 1, 15, 3]);
    expect(stridesOfOrder([2, 3], channelsLastOrder(2))).toEqual([3, 1]);
    fc.assert(
      fc.property(arbitraryDenseView, (view) => {
        expect(elementsOf(view).toSorted((a, b) => a - b)).toEqual(Array.from({ length: viewSize(view) }, (_, i) => i));
        const strides = stridesOfOrder(view.shape, orderOf(view));
        for (const [d, length] of view.shape.entries()) if (length > 1) expect(strides[d]).toBe(view.strides[d]);
      }),
    );
  });

  test("span from the first element to behind the last", () => {
    fc.assert(
      fc.property(arbitraryView, (view) => {
        expect(viewSpan(view)).toBe(Math.max(...elementsOf(view)) + 1 - view.offset);
        expect(viewByteOffset(view)).toBe(view.offset * 4);
      }),
    );
    expect(viewSpan(denseView([3, 0, 2]))).toBe(0);
  });

  test("are row-major where their elements follow each other", () => {
    fc.assert(
      fc.property(arbitraryView, (view) => {
        expect(isRowMajor(view)).toBe(elementsOf(view).every((e, i) => e === view.offset + i));
      }),
    );
  });

  test("have an order from the slowest dimension to the fastest; lengths of 1 keep their place", () => {
    fc.assert(
      fc.property(arbitraryView, (view) => {
        const order = orderOf(view);
        expect(order.toSorted((a, b) => a - b)).toEqual(view.shape.map((_, i) => i));
        for (const [i, d] of view.shape.entries()) if (d === 1) expect(order[i]).toBe(i);
        const strides = order.filter((d) => view.shape[d] > 1).map((d) => view.strides[d]);
        expect(strides).toEqual(strides.toSorted((a, b) => b - a));
      }),
    );
  });
});

test("permuteView moves dimensions", () => {
  fc.assert(
    fc.property(
      arbitraryView.chain((view) => fc.tuple(fc.constant(view), arbitraryOrder(view.shape.length))),
      ([view, order]) => {
        const permuted = permuteView(view, order);
        for (const index of indicesOf(view.shape))
          expect(
            elementAt(
              permuted,
              order.map((d) => index[d]),
            ),
          ).toBe(elementAt(view, index));
      },
    ),
  );
});

test("sliceView takes begin, begin + step, ...", () => {
  fc.assert(
    fc.property(arbitraryView, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 3 }), (view, a, b, step) => {
      fc.pre(view.shape.length > 0);
      const axis = a % view.shape.length;
      const begin = b % view.shape[axis];
      const sliced = sliceView(view, axis, begin, Math.ceil((view.shape[axis] - begin) / step), step);
      for (const index of indicesOf(sliced.shape))
        expect(elementAt(sliced, index)).toBe(elementAt(view, index.with(axis, begin + index[axis] * step)));
    }),
  );
});

test("broadcastView repeats as numpy does", () => {
  fc.assert(
    fc.property(
      arbitraryShape({ most: 3 }),
      fc.infiniteStream(fc.boolean()),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      (shape, ones, lead) => {
        const view = denseView(shape.map((d) => (ones.next().value === true ? 1 : d)));
        const broadcast = broadcastView(view, [...lead, ...shape]);
        expect(broadcast.shape).toEqual([...lead, ...shape]);
        for (const index of indicesOf(broadcast.shape)) {
          const source = index.slice(lead.length).map((i, d) => (view.shape[d] === 1 ? 0 : i));
          expect(elementAt(broadcast, index)).toBe(elementAt(view, source));
        }
      },
    ),
  );
});

describe("reshapeView", () => {
  test("keeps the row-major order of the elements, and gives up only where no strides have it", () => {
    fc.assert(
      fc.property(
        arbitraryView.chain((view) => fc.tuple(fc.constant(view), arbitraryReshape(view.shape))),
        ([view, shape]) => {
          const elements = elementsOf(view);
          const reshaped = reshapeView(view, shape);
          if (reshaped) {
            expect(reshaped.shape).toEqual(shape);
            expect(elementsOf(reshaped)).toEqual(elements);
          } else {
            // The only strides that come into question are the steps to the next index of each dimension.
            const strides = shape.map((d, i) => (d === 1 ? 0 : elements[shapeSize(shape.slice(i + 1))] - view.offset));
            expect(elementsOf({ ...view, shape, strides })).not.toEqual(elements);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("of row-major elements always succeeds, of none too", () => {
    fc.assert(
      fc.property(
        arbitraryShape().chain((shape) => fc.tuple(fc.constant(denseView(shape)), arbitraryReshape(shape))),
        ([view, shape]) => {
          const reshaped = reshapeView(view, shape) as View;
          expect(isRowMajor(reshaped)).toBe(true);
        },
      ),
    );
    expect(reshapeView(denseView([2, 0, 3]), [0, 7])?.shape).toEqual([0, 7]);
  });

  test("splits channels of channels-last elements, and cannot join them with pixels", () => {
    const view = denseView([1, 6, 4, 5], channelsLastOrder(4));
    expect(reshapeView(view, [1, 2, 3, 4, 5])?.strides).toEqual([0, 3, 1, 30, 6]);
    expect(reshapeView(view, [1, 6, 20])?.strides).toEqual([0, 1, 6]);
    expect(reshapeView(view, [1, 120])).toBeUndefined();
  });

  test("refuses another number of elements", () => {
    expect(() => reshapeView(denseView([2, 3]), [5])).toThrow("[2,3]");
  });
});
