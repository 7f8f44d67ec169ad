import fc from "fast-check";
import { shapeSize } from "../common/shape.ts";
import { broadcastView, permuteView, sliceView, stridesOfOrder, type View } from "./view.ts";

/** A dense view of a block of its own. */
export const denseView = (shape: readonly number[], order: readonly number[] = shape.map((_, i) => i)): View => ({
  block: { id: 0, byteLength: shapeSize(shape) * 4, kind: "arena", name: "block" },
  offset: 0,
  shape,
  strides: stridesOfOrder(shape, order),
  element: "f32",
});

/** The elements of a block that a view reads, in row-major logical order: its definition, index by index. */
export function elementsOf({ offset, shape, strides }: Pick<View, "offset" | "shape" | "strides">): number[] {
  let elements = [offset];
  for (const [d, length] of shape.entries()) elements = elements.flatMap((e) => Array.from({ length }, (_, i) => e + i * strides[d]));
  return elements;
}

export const arbitraryShape = (constraints: { readonly least?: number; readonly most?: number } = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: constraints.least ?? 1, max: constraints.most ?? 4 }), { maxLength: 5 });

export const arbitraryOrder = (rank: number): fc.Arbitrary<number[]> => {
  const dimensions = Array.from({ length: rank }, (_, i) => i);
  return fc.shuffledSubarray(dimensions, { minLength: rank, maxLength: rank });
};

/** Dense in some order. */
export const arbitraryDenseView: fc.Arbitrary<View> = arbitraryShape().chain((shape) =>
  arbitraryOrder(shape.length).map((order) => denseView(shape, order)),
);

/** What lowering makes of dense views: sliced with a step along one dimension, broadcast along another, permuted. */
export const arbitraryView: fc.Arbitrary<View> = fc
  .record({
    dense: arbitraryDenseView,
    axis: fc.nat(),
    begin: fc.nat(),
    step: fc.integer({ min: 1, max: 2 }),
    sliced: fc.boolean(),
    repeated: fc.option(fc.integer({ min: 1, max: 3 })),
  })
  .chain(({ dense, axis, begin, step, sliced, repeated }) => {
    let view = dense;
    if (sliced && view.shape.length > 0) {
      const a = axis % view.shape.length;
      const first = begin % view.shape[a];
      view = sliceView(view, a, first, Math.ceil((view.shape[a] - first) / step), step);
    }
    if (repeated !== null) view = broadcastView(view, [repeated, ...view.shape]);
    return arbitraryOrder(view.shape.length).map((order) => permuteView(view, order));
  });
